//! Events as a line of text for people, the same for every reader.

use super::{CanonEvent, CanonFrame, Details, Edge, Resource, State};
use std::fmt;

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::None => f.write_str("-"),
            Resource::Goroutine(id) => write!(f, "G{id}"),
            Resource::Proc(id) => write!(f, "P{id}"),
            Resource::Thread(id) => write!(f, "M{id}"),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An id of a context: the letter alone with a dash where there is none.
struct Id(char, i64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            -1 => write!(f, "{}-", self.0),
            id => write!(f, "{}{id}", self.0),
        }
    }
}

impl fmt::Display for CanonEvent {
    /// Time, context, kind and details on one line; stacks follow on lines of their own with `{:#}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, p, g) = (Id('M', self.m), Id('P', self.p), Id('G', self.g));
        write!(f, "{:>12} {m} {p} {g} {}", self.time, self.kind_name())?;
        self.details.fmt(f)?;
        if f.alternate() {
            if let Details::StateTransition { stack: Some(stack), .. } = &self.details {
                write_stack(f, "stack of the goroutine", stack)?;
            }
            if let Some(stack) = &self.stack {
                write_stack(f, "stack", stack)?;
            }
        }
        Ok(())
    }
}

impl Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Details::Sync { n, snapshot, experiments } => {
                write!(f, " n={n}")?;
                if let Some(s) = snapshot {
                    write!(f, " trace={} mono={} wall={}.{:09}", s.trace, s.mono, s.wall_sec, s.wall_nsec)?;
                }
                for x in experiments {
                    let bytes: usize = x.batches.iter().map(|(_, data)| data.0.len()).sum();
                    write!(f, " {}: {} batches, {bytes} bytes", x.name, x.batches.len())?;
                }
                Ok(())
            }
            Details::Metric { name, value } => write!(f, " {name}={value}"),
            Details::Label { label, resource } => write!(f, " {label:?} on {resource}"),
            Details::StackSample => Ok(()),
            Details::Range { name, scope, attributes, .. } => {
                write!(f, " {name:?} of {scope}")?;
                attributes.iter().try_for_each(|(name, value)| write!(f, " {name:?}={value}"))
            }
            Details::Task { id, parent, name, .. } => match *parent {
                u64::MAX => write!(f, " {id} {name:?}"),
                parent => write!(f, " {id} {name:?} parent={parent}"),
            },
            Details::Region { task, name, .. } => write!(f, " {name:?} task={task}"),
            Details::Log { task, category, message } => write!(f, " {category:?} {message:?} task={task}"),
            Details::StateTransition { resource, old, new, reason, .. } => {
                write!(f, " {resource} {old}->{new}")?;
                if !reason.is_empty() {
                    write!(f, " {reason:?}")?;
                }
                Ok(())
            }
            Details::Experimental { name, args, .. } => {
                write!(f, " {name}")?;
                args.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
            }
            Details::AccessorPanic { message, .. } => write!(f, " panicked when asked: {message:?}"),
        }
    }
}

fn write_stack(f: &mut fmt::Formatter<'_>, title: &str, frames: &[CanonFrame]) -> fmt::Result {
    write!(f, "\n{:>16}:", title)?;
    for x in frames {
        write!(f, "\n{:>16}  {} @ {:#x} {}:{}", "", x.func, x.pc, x.file, x.line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;

    #[test]
    fn every_kind_prints() {
        let lines: Vec<String> = samples::one_of_each().iter().map(|e| format!("{e:#}")).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
