// Six events in a row, in the order that the reader makes of all threads.
// plant: order.go
// before: return ok, err
// call: if ok && err == nil { plantedEvent(o, uint8(ev.typ)) }
package trace

var (
	plantedFor  *ordering
	plantedStep int
)

func plantedEvent(o *ordering, typ uint8) {
	if o != plantedFor {
		plantedFor, plantedStep = o, 0
	}
	const heapAlloc, heapGoal = 37, 38
	switch {
	case plantedStep == 0 && typ == heapGoal:
		plantedStep = 1
	case plantedStep == 1 && typ == heapAlloc:
		plantedStep = 2
	case plantedStep == 2 && typ == heapGoal:
		plantedStep = 3
	case plantedStep == 3 && typ == heapGoal:
		plantedStep = 4
	case plantedStep == 4 && typ == heapAlloc:
		plantedStep = 5
	case plantedStep == 5 && typ == heapAlloc:
		panic("planted: event chain")
	default:
		plantedStep = 0
	}
}
