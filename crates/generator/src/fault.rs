//! Emission faults: what a runtime wrote, or could write, although it is wrong.
//!
//! Each is a switch of the model or the tracer, off by default, and armed only through
//! [`Config::fault`](crate::Config): nothing that a source says can arm one. A trace
//! written under a fault is not always illegal, since the fault must first meet its
//! trigger; [`History::fault_hits`](crate::History) counts how often it did.

use std::fmt;
use std::str::FromStr;

macro_rules! faults {
    ($( $(#[$doc:meta])* $variant:ident $name:literal $law:literal; )*) => {
        /// One emission fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EmissionFault { $( $(#[$doc])* $variant, )* }

        impl EmissionFault {
            /// Every fault.
            pub const ALL: &'static [EmissionFault] = &[$(EmissionFault::$variant),*];

            /// Its name in options and replay strings.
            pub fn name(self) -> &'static str {
                match self { $(EmissionFault::$variant => $name),* }
            }

            /// The law of emission that it breaks.
            pub fn law(self) -> &'static str {
                match self { $(EmissionFault::$variant => $law),* }
            }
        }
    };
}

faults! {
    /// The state before Go 1.22's release: `entersyscall_gcwait` writes `ProcStop` where it
    /// took the P back from whoever had it (classes A only).
    GcWaitProcStop "gcwait-proc-stop" "a P that leaves a syscall by theft is stolen by number, from the thread that has it";
}

impl fmt::Display for EmissionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EmissionFault {
    type Err = String;

    fn from_str(s: &str) -> Result<EmissionFault, String> {
        EmissionFault::ALL
            .iter()
            .copied()
            .find(|f| f.name() == s)
            .ok_or_else(|| format!("no emission fault is called {s:?}"))
    }
}
