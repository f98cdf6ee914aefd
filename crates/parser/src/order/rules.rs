//! Which rule goes with which type of event.

use super::ids::{self, Places};
use super::{Advance, Need, Order, unorderable};
use crate::event::{Emitted, Scene};
use tracehound_wire::EventType;

/// What an event of some type does on the thread at hand: its arguments are `e`'s, and so are the P
/// and goroutine that the thread has.
type Rule = fn(&mut Order, e: &mut Emitted, world: &mut World<'_>) -> Advance;

/// What the arguments of events refer to.
pub(crate) struct World<'r> {
    pub scene: &'r mut Scene,
    pub data: &'r [u8],
}

/// The rules by type byte: functions, each with registers of its own, where a match would be one large
/// function that keeps everything on its stack.
pub(super) static RULES: [Rule; 256] = {
    let mut rules: [Rule; 256] = [|_, e, _| unorderable(e); 256];
    let mut i = 0;
    while i < EventType::ALL.len() {
        rules[EventType::ALL[i].byte() as usize] = rule(EventType::ALL[i]);
        i += 1;
    }
    rules
};

/// A rule that is given the place of a goroutine, if that exists: `own` is the event's own one, `named` the
/// one that it names first.
///
/// Mostly the goroutine is where it is looked for first. Everything else is in a function of its own, so
/// that the rule need not keep anything over a call.
macro_rules! with_g {
    (own, $o:ident, $e:ident, $rule:ident $(, $more:ident: $ty:ty)?) => {
        with_g!($o, $e, $e.g, $o.threads.own().g_slot, $rule $(, $more: $ty)?)
    };
    (named, $o:ident, $e:ident, $rule:ident) => {
        with_g!($o, $e, $e.args[0] as i64, $o.gors.hint($e.args[0] as i64), $rule)
    };
    ($o:ident, $e:ident, $id:expr, $hint:expr, $rule:ident $(, $more:ident: $ty:ty)?) => {{
        #[cold]
        #[inline(never)]
        fn elsewhere(o: &mut Order, e: &mut Emitted, id: i64 $(, $more: $ty)?) -> Advance {
            let at = o.gors.fetch(id);
            o.$rule(e, at $(, $more)?)
        }
        let (id, hint) = ($id, $hint);
        if $o.gors.is_at(id, hint) { $o.$rule($e, Some(hint) $(, $more)?) } else { elsewhere($o, $e, id $(, $more)?) }
    }};
}

/// The rule of events of this type.
const fn rule(ty: EventType) -> Rule {
    macro_rules! rules {
        (|$o:ident, $e:ident, $world:ident| $($($ty:ident)|+ => $rule:expr,)+) => {
            match ty {
                $($(EventType::$ty => |$o, $e, $world| {
                    $rule?;
                    let places = const { &Places::of(EventType::$ty.spec()) };
                    if ids::at_hand(places, &$world.scene.tables, &$e.args) { Ok(()) } else { $o.look_for($e, places, $world) }
                },)+)+
            }
        };
    }
    rules! { |o, e, world|
        ProcStatus => o.proc_status(e),
        ProcStart => o.proc_start(e),
        ProcStop => o.proc_stop(e),
        ProcSteal => o.proc_steal(e),
        GoStatus | GoStatusStack => o.go_status(e),
        GoCreate | GoCreateBlocked => with_g!(own, o, e, go_create),
        GoCreateSyscall => o.go_create_syscall(e),
        GoStart => with_g!(named, o, e, go_start),
        GoStop => with_g!(own, o, e, go_stop),
        GoBlock => with_g!(own, o, e, go_block),
        GoDestroy => with_g!(own, o, e, go_destroy),
        GoUnblock => with_g!(named, o, e, go_unblock),
        GoSwitch | GoSwitchDestroy => with_g!(own, o, e, go_switch),
        GoSyscallBegin => with_g!(own, o, e, syscall_begin),
        GoSyscallEnd => with_g!(own, o, e, syscall_end),
        GoSyscallEndBlocked => with_g!(own, o, e, syscall_end_blocked),
        GoDestroySyscall => {
            let steal_first = world.scene.switches.steal_before_destroy;
            with_g!(own, o, e, destroy_syscall, steal_first: bool)
        },
        GCActive => o.gc_active(e),
        GCBegin => o.gc_begin(e),
        GCEnd => o.gc_end(e),
        GCSweepBegin => o.sweep_begin(e),
        GCSweepActive => o.sweep_active(e),
        GCSweepEnd => o.sweep_end(e),
        STWBegin | GCMarkAssistBegin => with_g!(own, o, e, range_begin),
        GCMarkAssistActive => o.assist_active(e),
        STWEnd | GCMarkAssistEnd => with_g!(own, o, e, range_end),
        HeapAlloc | HeapGoal => o.need(e, Need::Must, Need::May),
        ProcsChange | GoLabel | UserLog => o.full(e),
        UserTaskBegin => o.task_begin(e, world),
        UserTaskEnd => o.task_end(e, world),
        UserRegionBegin => with_g!(own, o, e, region_begin, world: &World<'_>),
        UserRegionEnd => with_g!(own, o, e, region_end, world: &World<'_>),
        Span | SpanAlloc | SpanFree | HeapObject | HeapObjectAlloc | HeapObjectFree | GoroutineStack
        | GoroutineStackAlloc | GoroutineStackFree => o.need(e, Need::May, Need::May),
        EventBatch | Stacks | Stack | Strings | String | CPUSamples | CPUSample | Frequency | ExperimentalBatch
        | Sync | ClockSnapshot | EndOfGeneration => unorderable(e),
    }
}
