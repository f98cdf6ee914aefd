// A whole string at once: no edge leads there, only the comparison's operands do.
// plant: generation.go
// before: if err := stringTable.insert(stringID(id), sb.String()); err != nil {
// call: plantedString(sb.String())
package trace

func plantedString(s string) {
	if s == "work-steal" {
		panic("planted: magic string")
	}
}
