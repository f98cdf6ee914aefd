//! What histories may do, as options: the same for every command that makes some.

use crate::failure::Failure;
use clap::Args as ClapArgs;
use std::str::FromStr;
use tracehound_generator::{Clock, Config, EmissionFault, Feature, Features, Flavour};
use tracehound_wire::Version;

/// What histories may do.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "What histories may do")]
pub struct GeneratorArgs {
    /// The Go release that the traces are written by, such as go1.26; any without this
    #[arg(long, value_name = "RELEASE")]
    pub flavour: Option<String>,
    /// The wire version of the traces: 1.22, 1.23, 1.25 or 1.26; any release that writes it
    #[arg(long, value_name = "VERSION", conflicts_with = "flavour")]
    pub wire: Option<String>,
    /// The clock: exact, coarse, skewed, zero or adversarial; any without this
    #[arg(long, value_name = "NAME")]
    pub clock: Option<String>,
    /// Most steps of a history
    #[arg(long, value_name = "N")]
    pub steps: Option<u32>,
    /// Most generations of a history, 1 to 8
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8))]
    pub generations: Option<u32>,
    /// Most Ms (threads) at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub ms: Option<u32>,
    /// Most Ps (procs), 1 to 64
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub ps: Option<u32>,
    /// Most goroutines at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub gs: Option<u32>,
    /// The only features that histories may have: none, or of lifecycle, syscalls, sysmon, stw, bare,
    /// heap, coroutines, locked, cgo, gc, resize, user, samples, allocfree, wild, midway
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub features: Option<Vec<String>>,
    /// Features that histories do not have
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Arm a fault of the runtime's emission, such as gcwait-proc-stop
    #[arg(long, value_name = "NAME")]
    pub emission_fault: Option<String>,
}

impl GeneratorArgs {
    /// The generator's configuration.
    ///
    /// # Errors
    /// A name that nothing has.
    pub fn config(&self) -> Result<Config, Failure> {
        let mut config = Config::default();
        let named = |name: &Option<String>| name.as_deref().map(str::parse).transpose().map_err(Failure::Usage);
        config.flavour = named(&self.flavour)?;
        config.wire = self.wire.as_deref().map(wire).transpose()?;
        config.clock = self.clock.as_deref().map(|n| of_name("clock", n, &Clock::ALL, Clock::name)).transpose()?;
        for (given, into) in [
            (self.steps, &mut config.steps),
            (self.generations, &mut config.generations),
            (self.ms, &mut config.threads),
            (self.ps, &mut config.procs),
            (self.gs, &mut config.goroutines),
        ] {
            *into = given.unwrap_or(*into);
        }
        if let Some(names) = &self.features {
            config.features = Features::none();
            for name in names.iter().filter(|name| *name != "none") {
                config.features = config.features.with(feature(name)?);
            }
        }
        for name in &self.without {
            config.features = config.features.without(feature(name)?);
        }
        if let Some(name) = &self.emission_fault {
            config.fault = Some(of_name("emission fault", name, EmissionFault::ALL, EmissionFault::name)?);
        }
        Ok(config)
    }
}

/// The one of `all` with this name; where there is none, the complaint lists them.
fn of_name<T: Copy>(what: &str, name: &str, all: &[T], name_of: impl Fn(T) -> &'static str) -> Result<T, Failure> {
    all.iter().copied().find(|&x| name_of(x) == name).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&x| name_of(x)).collect();
        Failure::Usage(format!("no {what} is called {name:?}; there are {}", names.join(", ")))
    })
}

fn feature(name: &str) -> Result<Feature, Failure> {
    of_name("feature", name, Feature::ALL, Feature::name)
}

/// A wire version that some release writes.
fn wire(name: &str) -> Result<Version, Failure> {
    let flavour = Flavour::from_str(name).map_err(Failure::Usage)?;
    // 1.24 and 1.27 are releases, and no wire versions.
    if flavour.wire().minor() == flavour.minor() {
        Ok(flavour.wire())
    } else {
        Err(Failure::Usage(format!("no trace has the version {name}: that release writes {}", flavour.wire())))
    }
}
