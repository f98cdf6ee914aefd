//! The command line.

mod generator;

use crate::failure::Failure;
use crate::seeds;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
pub use generator::GeneratorArgs;
use std::ops::RangeInclusive;
use std::time::Duration;
use tracehound_oracle::hunt::{Setup, Shard};
use tracehound_oracle::readers::{Limits, ReaderSpec};
use tracehound_parser::{Fault, Options};

/// Holds readers of Go execution traces to the truth.
#[derive(Debug, Parser)]
#[command(name = "tracehound", version, about, max_term_width = 100)]
#[command(after_help = "Exit status: 0 fine, 1 a finding or a refusal, 2 misuse, 3 the environment is at fault.")]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say whether traces are sound, and if not, why and where
    Check(Check),
    /// Print the events of a trace
    Events(Events),
    /// List the generations of a trace, by the headers of its batches alone
    Index(Index),
    /// Compare what two readers say about a trace
    Compare(Compare),
    /// Convert a trace between binary, text (.txt) and .test
    Convert(Convert),
    /// Generate legal histories, break them, and hold readers to the truth
    Hunt(Box<Hunt>),
    /// Plant faults one at a time, and see which laws notice (builds with the feature `faults`)
    Faults(Faults),
    /// Run one case of a hunt again
    Replay(Replay),
    /// Write legal histories as traces
    Gen(Gen),
    /// Turn traces into cases of the model, and say what it cannot explain
    Lift(Lift),
    /// List the known divergences
    Known(Known),
    /// Find the smallest trace to which readers say the same
    Shrink(Shrink),
    /// Draw a trace or a finding as one HTML page
    Report(Report),
    /// Try out an adapter for a reader of your own
    Reader(Reader),
    /// Write the completions for a shell
    Completions(Completions),
    /// Write the manual page
    Man(Man),
    /// Speak the reader protocol on standard input and output, as an adapter does
    #[command(hide = true)]
    Serve(Serve),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound check trace.out\n  tracehound check --strict trace.out\n  \
    tracehound check --reader go:1.27 *.trace")]
pub struct Check {
    /// Traces, binary, text or .test; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// The reader that judges
    #[arg(long, default_value = "builtin", value_name = "READER", value_parser = reader)]
    pub reader: ReaderSpec,
    /// Show the state in which a trace got stuck, all of it
    #[arg(long, short)]
    pub verbose: bool,
    /// Read only the generations of these numbers, such as 3 or 3..5
    #[arg(long, value_name = "A..B", value_parser = generations)]
    pub generations: Option<RangeInclusive<u64>>,
    #[command(flatten)]
    pub threads: ThreadArgs,
    #[command(flatten)]
    pub strict: StrictArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  tracehound lift trace.out --out seeds")]
pub struct Lift {
    /// Traces, binary, text or .test; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Write the replay string of each lifted generation into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<String>,
    /// Say more about each cause
    #[arg(long, short)]
    pub verbose: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound events trace.out | head\n  tracehound events --json trace.out")]
pub struct Events {
    /// The trace, binary, text or .test; - is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// One JSON object a line
    #[arg(long, conflicts_with = "go")]
    pub json: bool,
    /// The lines that `go tool trace -d=parsed` prints
    #[arg(long)]
    pub go: bool,
    /// The stacks as well
    #[arg(long, conflicts_with_all = ["go", "json"])]
    pub stacks: bool,
    /// Read only the generations of these numbers, such as 3 or 3..5
    #[arg(long, value_name = "A..B", value_parser = generations)]
    pub generations: Option<RangeInclusive<u64>>,
    /// The reader that is asked
    #[arg(long, default_value = "builtin", value_name = "READER", value_parser = reader)]
    pub reader: ReaderSpec,
    #[command(flatten)]
    pub threads: ThreadArgs,
    #[command(flatten)]
    pub strict: StrictArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound index trace.out\n  tracehound index --json trace.out | jq .bytes")]
pub struct Index {
    /// The trace, binary, text or .test; - is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// One JSON object a generation
    #[arg(long)]
    pub json: bool,
    /// The threads of each generation as well
    #[arg(long, conflicts_with = "json")]
    pub threads: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  tracehound compare trace.out --reader builtin --reader go:1.27")]
pub struct Compare {
    /// The trace, binary, text or .test; - is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// A reader, two or more times; without any, builtin and the newest Go found
    #[arg(long = "reader", value_name = "READER", value_parser = reader)]
    pub readers: Vec<ReaderSpec>,
    #[command(flatten)]
    pub strict: StrictArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound convert trace.out trace.txt\n  tracehound convert seed.test - | head")]
pub struct Convert {
    /// The trace, binary, text or .test; - is standard input
    #[arg(value_name = "IN")]
    pub input: String,
    /// Where to, in the form of its extension; - is text on standard output
    #[arg(value_name = "OUT")]
    pub output: String,
    /// Keep only the generations of these numbers, such as 3 or 3..5
    #[arg(long, value_name = "A..B", value_parser = generations)]
    pub generations: Option<RangeInclusive<u64>>,
    /// Text as Go reads and writes it, without the annotations that keep what it would lose
    #[arg(long)]
    pub go: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound hunt\n  tracehound hunt --time 60s --reader go:1.27\n  \
    tracehound hunt --cases 1000 --reader \"cmd:./my-adapter\"\n  \
    tracehound hunt --endless --seeds traces/ --shard 1/4 --out findings-1\n  \
    tracehound hunt --resume findings-1\n\n\
    Exit status: 0 nothing found, 1 a finding, 2 misuse, 3 the environment is at fault. Ctrl-C ends with the summary.")]
pub struct Hunt {
    /// Cases to run; 10000 without --time or --endless
    #[arg(long, value_name = "N")]
    pub cases: Option<u64>,
    /// How long to run, such as 60s or 5m
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "cases")]
    pub time: Option<Duration>,
    /// Run until Ctrl-C
    #[arg(long, conflicts_with_all = ["cases", "time"])]
    pub endless: bool,
    /// Seed of the first history; the others follow
    #[arg(long, default_value_t = 0, value_name = "S")]
    pub seed: u64,
    /// A reader under test, any number; builtin always takes part
    #[arg(long = "reader", value_name = "READER", value_parser = reader)]
    pub readers: Vec<ReaderSpec>,
    /// Traces, or folders of traces, to read as they are and to edit; any number
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    pub seeds: Vec<String>,
    /// Do one part of the campaign, such as 1/4; the parts together are the whole
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    pub shard: Shard,
    /// Folder for findings, and for what --resume needs
    #[arg(long, default_value = "findings", value_name = "DIR")]
    pub out: String,
    /// Go on with the campaign in this folder, as it was asked for then
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cases", "time", "endless", "seed", "readers", "seeds",
        "shard", "out", "edits", "FaultArgs", "GeneratorArgs", "LimitArgs"])]
    pub resume: Option<String>,
    /// Lines of JSON on standard output instead of words
    #[arg(long)]
    pub json: bool,
    /// Edits of each history
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub edits: usize,
    /// Tell how often each corner and each change of state occurred
    #[arg(long)]
    pub corners: bool,
    /// Stop at the first finding, and shrink only that
    #[arg(long)]
    pub first: bool,
    /// How long each finding may be made smaller, in each of two ways
    #[arg(long, default_value = "20s", value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub shrink_time: Duration,
    /// Threads, each with readers of its own; all cores without this
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    #[command(flatten)]
    pub fault: FaultArgs,
    #[command(flatten)]
    pub generator: GeneratorArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound faults --fault no-self-steal\n  tracehound faults --check")]
pub struct Faults {
    /// Only this fault (may be repeated)
    #[arg(long = "fault", value_name = "NAME")]
    pub faults: Vec<String>,
    /// Campaigns for each fault, from seeds of their own
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub seeds: u64,
    /// Cases for which all laws are watched
    #[arg(long, default_value_t = 300, value_name = "N")]
    pub cases: u64,
    /// Cases after which a fault that no law has seen is given up
    #[arg(long, default_value_t = 2000, value_name = "N")]
    pub patience: u64,
    /// The score that is kept
    #[arg(long, default_value = "corpus/faults.json", value_name = "FILE")]
    pub score: String,
    /// The page that is made of it
    #[arg(long, default_value = "docs/faults.md", value_name = "FILE")]
    pub page: String,
    /// Write score and page
    #[arg(long, conflicts_with = "faults")]
    pub write: bool,
    /// Compare with the score that is kept: exit status 1 if a kill is lost
    #[arg(long, conflicts_with_all = ["write", "faults"])]
    pub check: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound replay th1:go1.26:-:s1f\n  \
    tracehound replay th1:go1.26:-:s1f/drop-block@7 --reader go:1.27 --trace broken.trace\n  \
    tracehound replay th1:go1.26:-:s1f --trace - | tracehound check -")]
pub struct Replay {
    /// The case, as a finding tells it; - reads it from standard input
    #[arg(value_name = "STRING")]
    pub case: String,
    /// A reader under test, any number; builtin always takes part
    #[arg(long = "reader", value_name = "READER", value_parser = reader)]
    pub readers: Vec<ReaderSpec>,
    /// Write the trace to this file; - is standard output, and then nothing else is
    #[arg(long, value_name = "FILE")]
    pub trace: Option<String>,
    #[command(flatten)]
    pub fault: FaultArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound gen --count 100 --out corpus\n  \
    tracehound gen --wire 1.22 --features syscalls,sysmon --format test --out .\n  \
    tracehound gen --steps 60 --ms 3 --ps 2 --without gc,user --out small\n  \
    tracehound gen --out - --count 1 --seed 7 | tracehound events -")]
pub struct Gen {
    /// How many
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub count: u64,
    /// Seed of the first; the others follow
    #[arg(long, default_value_t = 0, value_name = "S")]
    pub seed: u64,
    /// Folder to write to, which is made if need be; - writes a single trace to standard output
    #[arg(long, value_name = "DIR")]
    pub out: String,
    /// What is written for each: SEED.trace, SEED.txt or SEED.test
    #[arg(long, value_enum, default_value_t = Form::Binary)]
    pub format: Form,
    #[command(flatten)]
    pub generator: GeneratorArgs,
}

/// The forms of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// As a program writes it
    Binary,
    /// One event a line, as Go's raw text format
    Text,
    /// Text and what a reader has to say, as Go's test data
    Test,
}

/// How strict the built-in reader is.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct StrictArgs {
    /// Let the built-in reader refuse what Go's accepts although no runtime can have written it
    #[arg(long)]
    pub strict: bool,
}

impl StrictArgs {
    /// The built-in reader's options, among the readers that were named.
    ///
    /// # Errors
    /// If strictness is asked for and none of them is the built-in one.
    pub fn options<'a>(self, readers: impl IntoIterator<Item = &'a ReaderSpec>) -> Result<Options, Failure> {
        if !self.strict {
            return Ok(Options::default());
        }
        if readers.into_iter().any(|r| matches!(r, ReaderSpec::Builtin(_))) {
            return Ok(Options::default().strictly());
        }
        Err(Failure::Usage("--strict is a mode of the built-in reader, which was not named".into()))
    }
}

/// How many threads the built-in reader uses.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct ThreadArgs {
    /// Let the built-in reader decode on a second thread; more than two are used as two
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: u16,
}

/// Faults to plant in the built-in reader.
#[derive(Debug, ClapArgs)]
pub struct FaultArgs {
    /// Arm a fault of the built-in reader, such as no-self-steal (builds with the feature `faults`)
    #[arg(long = "fault", value_name = "NAME", hide_short_help = true)]
    pub faults: Vec<String>,
}

impl FaultArgs {
    /// The built-in reader's options.
    pub fn options(&self) -> Result<Options, Failure> {
        let mut options = Options::default();
        for name in &self.faults {
            let fault = Fault::from_name(name).ok_or_else(|| {
                let names: Vec<_> = Fault::ALL.iter().map(|f| f.name()).collect();
                Failure::Usage(format!("no fault is called {name:?}; there are {}", names.join(", ")))
            })?;
            options = arm(options, fault)?;
        }
        Ok(options)
    }

    /// As they stand on the command line.
    fn words(&self) -> String {
        self.faults.iter().map(|f| format!(" --fault {f}")).collect()
    }
}

#[cfg(feature = "faults")]
fn arm(options: Options, fault: Fault) -> Result<Options, Failure> {
    Ok(options.with_fault(fault))
}

#[cfg(not(feature = "faults"))]
fn arm(_: Options, _: Fault) -> Result<Options, Failure> {
    Err(Failure::Usage("this build has no faults: build it with `cargo build --features faults`".into()))
}

impl Hunt {
    /// The campaign that is asked for.
    pub fn setup(&self) -> Result<Setup, Failure> {
        let setup = setup(&self.readers, self.limits, &self.fault)?;
        Ok(Setup {
            seed: self.seed,
            edits: self.edits,
            seeds: seeds::load(&self.seeds)?,
            shard: self.shard,
            threads: self.threads.unwrap_or(setup.threads),
            first: self.first,
            shrink_time: self.shrink_time,
            config: self.generator.config()?,
            ..setup
        })
    }

    /// The command that runs one of its cases again, up to the case.
    pub fn replay_command(&self) -> String {
        let mut words = format!("{} replay", quoted(&program()));
        for reader in &self.readers {
            words.push_str(&format!(" --reader {}", quoted(&reader.to_string())));
        }
        let LimitArgs { deadline, memory } = self.limits;
        let Limits { deadline: usual, memory: usual_memory, .. } = Limits::default();
        if deadline != usual.as_secs() {
            words.push_str(&format!(" --deadline {deadline}"));
        }
        if memory != usual_memory >> 20 {
            words.push_str(&format!(" --memory {memory}"));
        }
        words + &self.fault.words()
    }
}

/// How this program was called: its path if it was called by one.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    if called.contains('/') { called } else { "tracehound".into() }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+,=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

impl Replay {
    /// The readers that are asked for.
    pub fn setup(&self) -> Result<Setup, Failure> {
        setup(&self.readers, self.limits, &self.fault)
    }
}

fn setup(readers: &[ReaderSpec], limits: LimitArgs, fault: &FaultArgs) -> Result<Setup, Failure> {
    // The built-in reader as of Go 1.27 takes part anyway.
    let builtin = ReaderSpec::Builtin(Default::default());
    let readers = readers.iter().filter(|r| **r != builtin).cloned().collect();
    Ok(Setup { readers, limits: limits.into(), options: fault.options()?, ..Setup::default() })
}

/// Reads 90, 90s, 5m or 1h.
fn duration(s: &str) -> Result<Duration, String> {
    let (number, unit) = match s.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, s.as_bytes()[s.len() - 1]),
        None => (s, b's'),
    };
    let number: u64 = number.parse().map_err(|_| format!("{s:?} is no time: write 60s, 5m or 1h"))?;
    let seconds = match unit {
        b's' => 1,
        b'm' => 60,
        _ => 3600,
    };
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound known\n  tracehound known --check --reader go:1.27")]
pub struct Known {
    /// Read the reproducers again; exit status 1 if one no longer diverges
    #[arg(long)]
    pub check: bool,
    /// A reader to check with, any number; builtin as of each release without this
    #[arg(long = "reader", value_name = "READER", value_parser = reader, requires = "check")]
    pub readers: Vec<ReaderSpec>,
    /// The folder with the reproducers
    #[arg(long, default_value = "corpus/known", value_name = "DIR")]
    pub corpus: String,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  tracehound shrink broken.trace -o small.test --reader go:1.27")]
pub struct Shrink {
    /// The trace, binary, text or .test; - is standard input
    #[arg(value_name = "FILE")]
    pub input: String,
    /// Where to; .test is text; - is text on standard output
    #[arg(long, short, default_value = "-", value_name = "OUT")]
    pub output: String,
    /// A reader whose verdict is kept, any number; builtin without this
    #[arg(long = "reader", value_name = "READER", value_parser = reader)]
    pub readers: Vec<ReaderSpec>,
    /// How long to go on at most; the smallest trace so far counts then
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = duration)]
    pub time: Duration,
    #[command(flatten)]
    pub strict: StrictArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
pub struct Reader {
    #[command(subcommand)]
    pub command: ReaderCommand,
}

#[derive(Debug, Subcommand)]
pub enum ReaderCommand {
    /// Test an adapter against the protocol, step by step, and say what is wrong
    Check(ReaderCheck),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  tracehound reader check \"cmd:python3 my_adapter.py\"")]
pub struct ReaderCheck {
    /// The reader, such as "cmd:PROGRAM ARGUMENTS"
    #[arg(value_name = "READER", value_parser = reader)]
    pub reader: ReaderSpec,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound report trace.out -o trace.html\n  \
    tracehound report findings/accept-builtin-rejected-stuck -o finding.html")]
pub struct Report {
    /// A trace (binary, text or .test; - is standard input), or the folder of a finding
    #[arg(value_name = "FILE|FINDING")]
    pub input: String,
    /// Where to; - is standard output
    #[arg(long, short, default_value = "report.html", value_name = "OUT")]
    pub output: String,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  tracehound completions bash > ~/.local/share/bash-completion/completions/tracehound\n  \
    tracehound completions zsh > ~/.zfunc/_tracehound"
)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  tracehound man | man -l -\n  tracehound man hunt > tracehound-hunt.1")]
pub struct Man {
    /// The subcommand whose page is written; the program's own without this
    #[arg(value_name = "SUBCOMMAND")]
    pub subcommand: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub struct Serve {
    /// The Go release whose reader is followed
    #[arg(long, default_value = "builtin", value_name = "READER", value_parser = reader)]
    pub reader: ReaderSpec,
    #[command(flatten)]
    pub strict: StrictArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct LimitArgs {
    /// Seconds that a reader in another process may take for one trace, one more for each megabyte
    #[arg(long, default_value_t = Limits::default().deadline.as_secs(), value_name = "SECONDS", hide_short_help = true)]
    pub deadline: u64,
    /// MiB of memory that a reader in another process may have
    #[arg(long, default_value_t = Limits::default().memory >> 20, value_name = "MIB", hide_short_help = true)]
    pub memory: u64,
}

impl From<LimitArgs> for Limits {
    fn from(a: LimitArgs) -> Limits {
        Limits { memory: a.memory.max(1) << 20, ..Limits::of(Duration::from_secs(a.deadline.max(1))) }
    }
}

/// Numbers of generations: one, or a range with both ends in it.
fn generations(s: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = s.split_once("..").unwrap_or((s, s));
    let number = |n: &str, open: u64| if n.is_empty() { Ok(open) } else { n.parse() };
    match (number(first, 0), number(last.trim_start_matches('='), u64::MAX)) {
        (Ok(first), Ok(last)) if first <= last && !s.is_empty() => Ok(first..=last),
        _ => Err("expected a generation's number, or two such as 3..5, the lesser one first".to_owned()),
    }
}

fn reader(s: &str) -> Result<ReaderSpec, String> {
    s.parse().map_err(|e: tracehound_oracle::readers::ReaderError| e.to_string())
}
