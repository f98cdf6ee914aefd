//! The text of Go's `Event.String()`, which `go tool trace -d=parsed` prints.
//!
//! Its form changed between releases; the reader's [`Release`](crate::Release) decides.
//! Sources: `internal/trace/event.go` of the six releases.

use crate::details::{Change, Details, Experimental, RangeName, Resource, Stack, StateTransition, Sync, Text};
use crate::event::{Event, Kind};
use crate::release::DumpStyle;
use tracehound_wire::quote::{Unicode, go_quote_into};

/// Writes dumps; holds memory to reuse.
#[derive(Debug, Default)]
pub struct Dumper {
    quoted: String,
}

/// Appends the dump of `event` to `out`; see [`Dumper::write`].
pub fn write(out: &mut Vec<u8>, event: &Event<'_>) {
    Dumper::default().write(out, event);
}

impl Dumper {
    /// Appends the dump of `event` to `out`, in the form of the reader's release and
    /// without the line feed that Go's tools print after it. Wall times are in UTC.
    ///
    /// Where Go panics ([`Event::accessor_panic`]) the text says what there is.
    pub fn write(&mut self, out: &mut Vec<u8>, event: &Event<'_>) {
        let style = event.scene.switches.dump;
        let mut w = Line {
            out,
            quoted: &mut self.quoted,
            style,
            unicode: if event.scene.switches.unicode_17 { Unicode::V17 } else { Unicode::V15 },
        };
        w.text("M=");
        w.signed(event.thread().0);
        w.text(" P=");
        w.signed(event.proc().0);
        w.text(" G=");
        w.signed(event.goroutine().0);
        w.text(" ");
        w.text(event.kind().name());
        w.text(" Time=");
        w.signed(event.time());
        w.details(event);
        if let Some(stack) = event.stack() {
            w.text("\nStack=\n");
            w.frames(&stack);
        }
    }
}

struct Line<'o> {
    out: &'o mut Vec<u8>,
    quoted: &'o mut String,
    style: DumpStyle,
    unicode: Unicode,
}

impl Line<'_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn signed(&mut self, n: i64) {
        if n < 0 {
            self.out.push(b'-');
        }
        self.number(n.unsigned_abs());
    }

    fn number(&mut self, n: u64) {
        self.padded(n, 1);
    }

    /// A decimal number of at least `width` digits.
    fn padded(&mut self, mut n: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while n > 0 {
            at -= 1;
            digits[at] = b'0' + (n % 10) as u8;
            n /= 10;
        }
        let from = at.min(digits.len() - width);
        self.out.extend_from_slice(&digits[from..]);
    }

    fn hex(&mut self, n: u64) {
        let digits = (64 - (n | 1).leading_zeros()).div_ceil(4);
        for i in (0..digits).rev() {
            self.out.push(b"0123456789abcdef"[(n >> (4 * i) & 15) as usize]);
        }
    }

    fn quote(&mut self, bytes: &[u8]) {
        self.quoted.clear();
        go_quote_into(self.quoted, bytes, self.unicode);
        self.out.extend_from_slice(self.quoted.as_bytes());
    }

    fn quoted(&mut self, label: &str, text: Text<'_>) {
        self.text(label);
        self.quote(text.bytes());
    }

    fn value(&mut self, n: u64) {
        let wrap = self.style >= DumpStyle::Go125;
        self.text(if wrap { "Value{Uint64(" } else { "Uint64(" });
        self.number(n);
        self.text(if wrap { ")}" } else { ")" });
    }

    fn resource(&mut self, resource: Resource) {
        let (name, id) = match resource {
            Resource::None => return self.text("None"),
            Resource::Proc(p) => ("Proc(", p.0),
            Resource::Goroutine(g) => ("Goroutine(", g.0),
        };
        self.text(name);
        self.signed(id);
        self.text(")");
    }

    fn frames(&mut self, stack: &Stack<'_>) {
        for f in stack.frames() {
            self.out.push(b'\t');
            self.out.extend_from_slice(f.func);
            self.text(" @ 0x");
            self.hex(f.pc);
            self.text("\n\t\t");
            self.out.extend_from_slice(f.file);
            self.text(":");
            self.number(f.line);
            self.text("\n");
        }
    }

    fn details(&mut self, event: &Event<'_>) {
        match event.details() {
            Details::StackSample => {}
            Details::Metric(m) => {
                self.text(" Name=\"");
                self.text(m.name);
                self.text("\" Value=");
                self.value(m.value);
            }
            Details::Label(l) => {
                self.quoted(" Label=", l.label);
                self.text(" Resource=");
                self.resource(Resource::Goroutine(l.goroutine));
            }
            Details::Range(r) => {
                self.range_name(r.name);
                self.text(" Scope=");
                self.resource(r.scope);
                if event.kind() == Kind::RangeEnd {
                    self.swept(r.swept);
                }
            }
            Details::Task(t) => {
                self.text(" ID=");
                self.number(t.id.0);
                self.text(" Parent=");
                self.number(t.parent.0);
                self.quoted(" Type=", t.name);
            }
            Details::Region(r) => {
                self.text(" Task=");
                self.number(r.task.0);
                self.quoted(" Type=", r.name);
            }
            Details::Log(l) => {
                self.text(" Task=");
                self.number(l.task.0);
                self.quoted(" Category=", l.category);
                self.quoted(" Message=", l.message);
            }
            Details::StateTransition(s) => self.transition(&s),
            Details::Experimental(x) => self.experimental(&x),
            Details::Sync(s) => self.sync(&s),
        }
    }

    fn range_name(&mut self, name: RangeName<'_>) {
        self.text(" Name=");
        match name {
            RangeName::StopTheWorld(kind) if !kind.bytes().iter().all(u8::is_ascii_alphanumeric) => {
                self.quote(&name.parts().concat());
            }
            _ => {
                self.text("\"");
                name.parts().into_iter().for_each(|part| self.out.extend_from_slice(part));
                self.text("\"");
            }
        }
    }

    fn swept(&mut self, swept: Option<(u64, u64)>) {
        self.text(" Attributes=[");
        if let Some((swept, reclaimed)) = swept {
            self.text("\"bytes swept\"=");
            self.value(swept);
            self.text(" \"bytes reclaimed\"=");
            self.value(reclaimed);
        }
        self.text("]");
    }

    fn transition(&mut self, s: &StateTransition<'_>) {
        let old_form = self.style < DumpStyle::Go126;
        if old_form {
            self.text(" Resource=");
            self.resource(match s.change {
                Change::Goroutine { id, .. } => Resource::Goroutine(id),
                Change::Proc { id, .. } => Resource::Proc(id),
            });
            self.quoted(" Reason=", s.reason);
        }
        let (label, id, old, new) = match s.change {
            Change::Goroutine { id, old, new } => (" GoID=", id.0, old.name(), new.name()),
            Change::Proc { id, old, new } => (" ProcID=", id.0, old.name(), new.name()),
        };
        self.text(label);
        self.signed(id);
        self.text(" ");
        self.text(old);
        self.text("->");
        self.text(new);
        if !old_form {
            self.quoted(" Reason=", s.reason);
        }
        if let Some(stack) = s.stack {
            self.text("\nTransitionStack=\n");
            self.frames(&stack);
        }
    }

    fn experimental(&mut self, x: &Experimental<'_>) {
        self.text(" Name=");
        self.text(x.name);
        if self.style < DumpStyle::Go125 {
            self.text(" ArgNames=[");
            for (i, (name, _)) in x.arg_names.iter().enumerate() {
                self.text(if i > 0 { " " } else { "" });
                self.text(name);
            }
            self.text("] Args=[");
            for (i, &arg) in x.args.iter().enumerate() {
                self.text(if i > 0 { " " } else { "" });
                self.number(arg);
            }
        } else {
            self.text(" Args=[");
            for (i, ((name, _), &arg)) in x.arg_names.iter().zip(x.args).enumerate() {
                self.text(if i > 0 { ", " } else { "" });
                self.text(name);
                self.text("=");
                self.value(arg);
            }
        }
        self.text("]");
    }

    fn sync(&mut self, s: &Sync<'_>) {
        if self.style < DumpStyle::Go125 {
            return;
        }
        self.text(" N=");
        self.number(s.n);
        if let Some(clock) = s.clock {
            self.text(" Trace=");
            self.signed(clock.trace);
            self.text(" Mono=");
            self.number(clock.mono);
            self.text(" Wall=");
            self.wall(clock.wall_sec, if self.style >= DumpStyle::Go126 { clock.wall_nsec } else { 0 });
        }
    }

    /// RFC 3339 in UTC. The fraction has no trailing zeros; a year has at least four digits.
    fn wall(&mut self, sec: i64, nsec: u32) {
        let (year, month, day) = civil(sec.div_euclid(86_400));
        let second = sec.rem_euclid(86_400) as u64;
        if year < 0 {
            self.text("-");
        }
        self.padded(year.unsigned_abs(), 4);
        for (sign, n) in [("-", month), ("-", day), ("T", second / 3600), (":", second / 60 % 60), (":", second % 60)] {
            self.text(sign);
            self.padded(n, 2);
        }
        if nsec != 0 {
            self.text(".");
            self.padded(nsec.into(), 9);
            while self.out.last() == Some(&b'0') {
                self.out.pop();
            }
        }
        self.text("Z");
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian
/// calendar. Counts in eras of 400 years that begin on a 1st of March.
fn civil(days: i64) -> (i64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u64, day as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
        assert_eq!(civil(-719_528), (0, 1, 1));
    }
}
