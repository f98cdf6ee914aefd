//! The faults that can be planted, of all kinds, by name.

use crate::hunt::{MadeEdit, Setup};
use crate::verdict::Verdict;
use std::fmt;
use tracehound_generator::EmissionFault;
use tracehound_generator::mutate::{Label, Law as AcceptLaw};
use tracehound_parser::Fault;
use tracehound_wire::{Body, Item, RejectRule, SizeField, Trace};

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// In the built-in reader.
    Reader(Fault),
    /// In the runtime that wrote the trace.
    Emission(EmissionFault),
    /// In what an edit claims of itself.
    Label(LabelFault),
    /// In decoding and encoding.
    Codec(CodecFault),
}

/// An edit claims the opposite of what is true.
///
/// Or it claims what the reader says, which misunderstands the same: then the reader confirms it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelFault {
    /// What must be accepted is said to be illegal.
    LegalCalledIllegal,
    /// What must be refused is said to be legal.
    IllegalCalledLegal,
    /// What must be refused is said to be refused or not as the reader does it, which has a fault.
    SharedMistake,
}

/// Something gets lost between bytes and trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecFault {
    /// Lengths of batches are written as short as they can be, as the runtime does not.
    ShortLengths,
    /// The delta of a batch's last event is not kept.
    LastDelta,
    /// The bytes of a string are taken for text and mended.
    StringsMended,
}

/// What the reader does that shares a misunderstanding with the labels.
const MISTAKE: Fault = Fault::RegionTaskUnchecked;

impl Planted {
    /// Every fault, readers' first.
    pub fn all() -> Vec<Planted> {
        let readers = Fault::ALL.iter().copied().map(Planted::Reader);
        let emissions = EmissionFault::ALL.iter().copied().map(Planted::Emission);
        let labels = [LabelFault::LegalCalledIllegal, LabelFault::IllegalCalledLegal, LabelFault::SharedMistake];
        let labels = labels.map(Planted::Label);
        let codecs = [CodecFault::ShortLengths, CodecFault::LastDelta, CodecFault::StringsMended].map(Planted::Codec);
        readers.chain(emissions).chain(labels).chain(codecs).collect()
    }

    /// The fault with this name.
    pub fn from_name(name: &str) -> Option<Planted> {
        Planted::all().into_iter().find(|p| p.name() == name)
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Planted::Reader(fault) => fault.name(),
            Planted::Emission(fault) => fault.name(),
            Planted::Label(LabelFault::LegalCalledIllegal) => "legal-called-illegal",
            Planted::Label(LabelFault::IllegalCalledLegal) => "illegal-called-legal",
            Planted::Label(LabelFault::SharedMistake) => "shared-mistake",
            Planted::Codec(CodecFault::ShortLengths) => "short-lengths",
            Planted::Codec(CodecFault::LastDelta) => "last-delta",
            Planted::Codec(CodecFault::StringsMended) => "strings-mended",
        }
    }

    /// Where it is planted.
    pub fn place(self) -> &'static str {
        match self {
            Planted::Reader(_) => "reader",
            Planted::Emission(_) => "emission",
            Planted::Label(_) => "label",
            Planted::Codec(_) => "codec",
        }
    }

    /// A campaign with the fault in it, as far as a campaign's setup can hold it.
    pub(super) fn setup(self, seed: u64) -> Setup {
        let mut setup = Setup { seed, known: Vec::new(), threads: 1, ..Setup::default() };
        match self {
            Planted::Reader(fault) => setup.options = armed(setup.options, fault),
            Planted::Emission(fault) => setup.config.fault = Some(fault),
            Planted::Label(LabelFault::SharedMistake) => setup.options = armed(setup.options, MISTAKE),
            Planted::Label(_) | Planted::Codec(_) => {}
        }
        setup
    }

    /// What an edit claims with the fault in it, if this is what the reader says to it.
    pub(super) fn spoil(self, edit: &mut MadeEdit, told: &Verdict) {
        edit.label = match (self, edit.label) {
            (Planted::Label(LabelFault::LegalCalledIllegal), Label::MustAccept(_)) => {
                Label::MustReject(RejectRule::ALL)
            }
            (Planted::Label(LabelFault::IllegalCalledLegal), Label::MustReject(_)) => {
                Label::MustAccept(AcceptLaw::Extra)
            }
            (Planted::Label(LabelFault::SharedMistake), Label::MustReject(_)) => match told.rule() {
                Some(rule) => Label::MustReject(rule.alone()),
                None => Label::MustAccept(AcceptLaw::Extra),
            },
            (_, label) => label,
        };
    }
}

impl CodecFault {
    /// What becomes of a trace on its way.
    pub(super) fn spoil(self, trace: &mut Trace) {
        for item in &mut trace.items {
            let Item::Batch(batch) = item else { continue };
            match (self, &mut batch.body) {
                (CodecFault::ShortLengths, _) => batch.size = SizeField::Shortest,
                (CodecFault::LastDelta, Body::Events(events)) => {
                    if let Some(last) = events.last_mut() {
                        last.dt = 0;
                    }
                }
                (CodecFault::StringsMended, Body::Strings(records)) => {
                    for record in records {
                        record.bytes = String::from_utf8_lossy(&record.bytes).into_owned().into_bytes().into();
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(feature = "faults")]
fn armed(options: tracehound_parser::Options, fault: Fault) -> tracehound_parser::Options {
    options.with_fault(fault)
}

/// Without the feature nothing can be armed; the bench says so before it gets here.
#[cfg(not(feature = "faults"))]
fn armed(options: tracehound_parser::Options, _: Fault) -> tracehound_parser::Options {
    options
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for planted in Planted::all() {
            assert_eq!(Planted::from_name(planted.name()), Some(planted));
        }
    }
}
