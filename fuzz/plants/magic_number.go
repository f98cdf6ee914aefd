// An argument of an event at once: no edge leads there, and as a varint it is not to be found
// among the bytes of the trace by the comparison's operands either.
// plant: order.go
// before: return ok, err
// call: if ok && err == nil && ev.typ == 38 { plantedNumber(ev.args[0]) }
package trace

func plantedNumber(heapGoal uint64) {
	if heapGoal == 0x5eed_cafe_f00d {
		panic("planted: magic number")
	}
}
