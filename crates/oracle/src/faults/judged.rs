//! What survives, judged in words.

/// Faults that no campaign has to notice, and why: they change nothing that any law could see.
const JUDGED: &[(&str, &str)] = &[];

/// Why the fault of this name may survive, if it may.
pub fn judgement(fault: &str) -> Option<&'static str> {
    JUDGED.iter().find(|(name, _)| *name == fault).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::super::Planted;
    use super::*;

    #[test]
    fn only_faults_that_exist_are_judged() {
        for (name, why) in JUDGED {
            assert!(Planted::from_name(name).is_some() && why.ends_with('.'), "{name}");
        }
    }
}
