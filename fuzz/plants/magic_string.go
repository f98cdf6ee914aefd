// A whole string at once: no edge leads there, only the comparison's operands do.
// plant: generation.go
// before: if err := stringTable.insert(stringID(id), s); err != nil {
// call: plantedString(s)
package trace

func plantedString(s string) {
	if s == "work-steal" {
		panic("planted: magic string")
	}
}
