//! One case as a value: choices and configuration, printable as one short string that
//! reads back to the same bytes on every machine.
//!
//! The string is `th1:<flavour>:<configuration>:<choices>`. `th1` is the version of the
//! choice stream: it changes when the same choices come to mean another history. The
//! configuration is `-` or the settings that differ from the default, `key=value`, separated by commas. The
//! choices are `s` and a seed in hexadecimal, or `t` and a tape, whose numbers are
//! LEB128 in URL-safe base64.

use crate::source::{Recorder, Rng, Source, Tape, TapeReader, mix};
use crate::swarm::{Clock, Config, Features};
use crate::{Flavour, Generator, History};
use std::fmt;
use tracehound_wire::varint;

/// Version of the choice stream.
const STREAM: &str = "th1";

/// Where a case's choices come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choices {
    /// The stream of a seed.
    Seed(u64),
    /// A tape.
    Tape(Tape),
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it may do. The flavour is always set.
    config: Config,
    choices: Choices,
}

/// Why a string is not a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// It has not four parts separated by colons.
    #[error("a replay string has four parts, th1:FLAVOUR:CONFIGURATION:CHOICES; this has {0}")]
    Parts(usize),
    /// It is of another version of the choice stream.
    #[error("replay strings of stream {0:?} mean other histories; this program reads {STREAM}")]
    Stream(String),
    /// A part cannot be read.
    #[error("cannot read the {part} {text:?}: {why}")]
    Part {
        /// Which part.
        part: &'static str,
        /// Its text.
        text: String,
        /// What is wrong.
        why: String,
    },
}

impl CaseError {
    /// Stable name of the kind of error.
    pub fn class(&self) -> &'static str {
        match self {
            CaseError::Parts(_) => "case-parts",
            CaseError::Stream(_) => "case-stream",
            CaseError::Part { .. } => "case-part",
        }
    }
}

impl Case {
    /// The case of a seed. Where `config` leaves the flavour open, the seed decides it.
    pub fn from_seed(seed: u64, config: Config) -> Case {
        let allowed = config.flavours();
        let flavour = allowed[(mix(!seed) % allowed.len() as u64) as usize];
        Case::of(flavour, config, Choices::Seed(seed))
    }

    /// The case of a tape. Where `config` leaves the flavour open, it is the newest.
    pub fn from_tape(tape: Tape, config: Config) -> Case {
        let newest = config.flavours().pop().unwrap_or(Flavour::Go127);
        Case::of(newest, config, Choices::Tape(tape))
    }

    fn of(flavour: Flavour, config: Config, choices: Choices) -> Case {
        // The release says the wire version.
        Case { config: Config { flavour: Some(flavour), wire: None, ..config }, choices }
    }

    /// The case's flavour.
    pub fn flavour(&self) -> Flavour {
        self.config.flavour.unwrap_or(Flavour::Go127)
    }

    /// What the case may do.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where its choices come from.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Makes the case's history.
    pub fn generate(&self) -> History {
        Generator::default().make(self)
    }

    /// The same case with its choices written down, so that they can be edited.
    pub fn to_tape(&self) -> Case {
        let tape = match &self.choices {
            Choices::Tape(tape) => tape.clone(),
            Choices::Seed(seed) => record(&mut Rng::new(*seed), &self.config),
        };
        Case { config: self.config.clone(), choices: Choices::Tape(tape) }
    }

    /// The same case with its choices written down as plainly as they can be, and where the tape's units begin: parts
    /// that belong together, each the step of an M.
    pub fn to_units(&self) -> (Case, Vec<usize>) {
        let (tape, units) = match &self.choices {
            Choices::Tape(tape) => record_units(&mut TapeReader::new(tape), &self.config),
            Choices::Seed(seed) => record_units(&mut Rng::new(*seed), &self.config),
        };
        (Case { config: self.config.clone(), choices: Choices::Tape(tape) }, units)
    }

    /// The tape of a case that has one.
    pub fn tape(&self) -> Option<&Tape> {
        match &self.choices {
            Choices::Tape(t) => Some(t),
            Choices::Seed(_) => None,
        }
    }

    /// Reads a replay string.
    ///
    /// # Errors
    /// Says which part cannot be read and why.
    pub fn parse(s: &str) -> Result<Case, CaseError> {
        let parts: Vec<&str> = s.trim().split(':').collect();
        let [stream, flavour, config, choices] = parts[..] else { return Err(CaseError::Parts(parts.len())) };
        if stream != STREAM {
            return Err(CaseError::Stream(stream.to_owned()));
        }
        let bad = |part, text: &str, why: String| CaseError::Part { part, text: text.to_owned(), why };
        let mut config = read_config(config).map_err(|why| bad("configuration", config, why))?;
        config.flavour = Some(flavour.parse().map_err(|why| bad("flavour", flavour, why))?);
        let choices = match choices.split_at_checked(1) {
            Some(("s", hex)) => Choices::Seed(
                u64::from_str_radix(hex, 16)
                    .map_err(|e| bad("seed", hex, format!("not a hexadecimal number ({e})")))?,
            ),
            Some(("t", text)) => Choices::Tape(read_tape(text).map_err(|why| bad("tape", text, why))?),
            _ => return Err(bad("choices", choices, "they begin with s (seed) or t (tape)".to_owned())),
        };
        Ok(Case { config, choices })
    }
}

/// Records all choices that a generation makes with `source`.
fn record(source: &mut dyn Source, config: &Config) -> Tape {
    record_units(source, config).0
}

fn record_units(source: &mut dyn Source, config: &Config) -> (Tape, Vec<usize>) {
    let mut recorder = Recorder::new(source);
    crate::generate(&mut recorder, config);
    recorder.into_parts()
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STREAM}:{}:{}:", self.flavour(), write_config(&self.config))?;
        match &self.choices {
            Choices::Seed(seed) => write!(f, "s{seed:x}"),
            Choices::Tape(tape) => write!(f, "t{}", write_tape(tape)),
        }
    }
}

impl std::str::FromStr for Case {
    type Err = CaseError;

    fn from_str(s: &str) -> Result<Case, CaseError> {
        Case::parse(s)
    }
}

fn write_config(config: &Config) -> String {
    let default = Config::default();
    let mut parts = Vec::new();
    let numbers = [
        ("steps", config.steps, default.steps),
        ("generations", config.generations, default.generations),
        ("threads", config.threads, default.threads),
        ("procs", config.procs, default.procs),
        ("goroutines", config.goroutines, default.goroutines),
    ];
    for (key, value, usual) in numbers {
        if value != usual {
            parts.push(format!("{key}={value}"));
        }
    }
    if config.features != default.features {
        parts.push(format!("features={:x}", config.features.bits()));
    }
    if let Some(clock) = config.clock {
        parts.push(format!("clock={}", clock.name()));
    }
    if let Some(fault) = config.fault {
        parts.push(format!("fault={fault}"));
    }
    if config.fine {
        parts.push("fine=1".to_owned());
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join(",") }
}

fn read_config(text: &str) -> Result<Config, String> {
    let mut config = Config::default();
    if text == "-" {
        return Ok(config);
    }
    for setting in text.split(',') {
        let (key, value) = setting.split_once('=').ok_or_else(|| format!("{setting:?} is not key=value"))?;
        let number = || value.parse::<u32>().map_err(|e| format!("{key}: {e}"));
        match key {
            "steps" => config.steps = number()?,
            "generations" => config.generations = number()?,
            "threads" => config.threads = number()?,
            "procs" => config.procs = number()?,
            "goroutines" => config.goroutines = number()?,
            "features" => {
                let bits = u32::from_str_radix(value, 16).map_err(|e| format!("{key}: {e}"))?;
                config.features = Features::from_bits(bits);
            }
            "clock" => {
                let clock = Clock::ALL.into_iter().find(|c| c.name() == value);
                config.clock = Some(clock.ok_or_else(|| format!("no clock is called {value:?}"))?);
            }
            "fault" => config.fault = Some(value.parse()?),
            "fine" => config.fine = number()? != 0,
            _ => return Err(format!("no setting is called {key:?}")),
        }
    }
    Ok(config)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn write_tape(tape: &[u32]) -> String {
    let mut bytes = Vec::new();
    for &v in tape {
        varint::write(&mut bytes, u64::from(v));
    }
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |w, (i, &b)| w | u32::from(b) << (16 - 8 * i));
        for i in 0..=chunk.len() {
            out.push(char::from(BASE64[(word >> (18 - 6 * i) & 63) as usize]));
        }
    }
    out
}

fn read_tape(text: &str) -> Result<Tape, String> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0u32;
        for (i, b) in chunk.iter().enumerate() {
            let digit =
                BASE64.iter().position(|d| d == b).ok_or_else(|| format!("{:?} is no digit", char::from(*b)))?;
            word |= (digit as u32) << (18 - 6 * i);
        }
        if chunk.len() == 1 {
            return Err("one digit too many at the end".to_owned());
        }
        bytes.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    let mut tape = Tape::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (v, n) = varint::read(rest).map_err(|_| "the last number is cut short".to_owned())?;
        tape.push(u32::try_from(v).map_err(|_| format!("{v} does not fit in 32 bits"))?);
        rest = &rest[n..];
    }
    Ok(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tracehound_wire::Version;

    #[test]
    fn replay_strings_read_back() {
        let mut config = Config { steps: 77, clock: Some(Clock::Zero), ..Config::default() };
        config.flavour = Some(Flavour::Go124);
        for case in [
            Case::from_seed(0xdead, Config::default()),
            Case::from_tape(vec![], config.clone()),
            Case::from_tape(vec![0, 1, 127, 128, 65_535, u32::MAX], config.clone()),
            Case::from_tape(vec![300], config.clone()),
            Case::from_tape(vec![7], Config { fine: true, ..config }),
        ] {
            let s = case.to_string();
            assert_eq!(Case::parse(&s).as_ref(), Ok(&case), "{s}");
        }
    }

    #[test]
    fn what_is_recorded_is_made_again() {
        let mut flavours = BTreeSet::new();
        let mut generator = crate::Generator::default();
        for seed in 0..100 {
            let (case, history) = generator.generate_recorded(&mut Rng::new(seed), &Config::default());
            assert!(case.generate().bytes() == history.bytes(), "{case}");
            flavours.insert(case.flavour().minor());
        }
        assert_eq!(flavours, BTreeSet::from([22, 23, 24, 25, 26, 27]));
    }

    #[test]
    fn plain_choices_mean_the_same() {
        for seed in 0..200 {
            let case = Case::from_seed(seed, Config::default());
            let (plain, units) = case.to_units();
            assert!(plain.generate().bytes() == case.generate().bytes(), "{case}");
            assert_eq!(plain.to_units(), (plain.clone(), units.clone()));
            let tape = plain.tape().unwrap();
            assert!(units.is_sorted() && units.last().is_none_or(|last| *last < tape.len()));
            // Each unit begins with the M that takes the step.
            assert!(units.iter().all(|&at| tape[at] < 200), "{plain}");
        }
    }

    #[test]
    fn a_wire_version_leaves_the_releases_that_write_it() {
        let of = |wire, seed| Case::from_seed(seed, Config { wire: Some(wire), ..Config::default() });
        let drawn = |wire| (0..50).map(|seed| of(wire, seed).flavour().minor()).collect::<BTreeSet<_>>();
        assert_eq!(drawn(Version::Go122), BTreeSet::from([22]));
        assert_eq!(drawn(Version::Go123), BTreeSet::from([23, 24]));
        assert_eq!(drawn(Version::Go126), BTreeSet::from([26, 27]));
        let case = of(Version::Go123, 8);
        assert_eq!(Case::parse(&case.to_string()), Ok(case));
    }

    #[test]
    fn strings_that_are_no_case_say_why() {
        assert_eq!(Case::parse("th1:go1.26").map_err(|e| e.class()), Err("case-parts"));
        assert_eq!(Case::parse("th0:go1.26:-:s1").map_err(|e| e.class()), Err("case-stream"));
        for bad in ["th1:go1.21:-:s1", "th1:go1.26:x=1:s1", "th1:go1.26:-:u1", "th1:go1.26:-:sxyz", "th1:go1.26:-:t!"] {
            assert_eq!(Case::parse(bad).map_err(|e| e.class()), Err("case-part"), "{bad}");
        }
    }
}
