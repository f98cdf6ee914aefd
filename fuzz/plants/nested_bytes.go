// Four bytes of a string, one test inside the other: each is an edge of its own.
// plant: generation.go
// before: if err := stringTable.insert(stringID(id), s); err != nil {
// call: plantedString(s)
package trace

func plantedString(s string) {
	if len(s) < 4 {
		return
	}
	if s[0] == 'P' {
		if s[1] == 'M' {
			if s[2] == 'G' {
				if s[3] == '?' {
					panic("planted: nested bytes")
				}
			}
		}
	}
}
