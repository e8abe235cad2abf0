//! What a refused version gets: why, what to do, and what goes on meanwhile.

use std::error::Error as _;

use postbud_learn::RegistryError;
use postbud_pipeline::ports::Said;

use crate::exit::{self, Failure};

/// The failure for an error of the registry. `stays` is the champion that nothing has changed for,
/// when a change of roles was asked for.
pub(crate) fn of(error: &RegistryError, stays: Option<&str>) -> Failure {
    let mut message = error.to_string();
    if let Some(source) = error.source() {
        message = format!("{message}: {source}");
    }
    let hint = match error {
        RegistryError::Unverified { .. } => {
            "copy the file back from a backup, promote another version, or make a new one with \
             `postbud train`"
        }
        RegistryError::NoSuchVersion { .. } => "`postbud model list` shows them",
        _ => "",
    };
    if !hint.is_empty() {
        message = format!("{message}\n{hint}");
    }
    if let Some(stays) = stays {
        message = format!("{message}\nnothing was changed: {stays} stays in use");
    }
    Failure::new(code(error), message)
}

/// The same for a system owner at the desk.
pub(super) fn said(error: &RegistryError, stays: Option<&str>) -> Said {
    let mut danish = danish(error);
    if let Some(stays) = stays {
        danish = format!("{danish} Intet er ændret: {stays} er stadig i brug.");
    }
    Said::new(danish, of(error, stays).to_string())
}

fn danish(error: &RegistryError) -> String {
    match error {
        RegistryError::Io { path, source, .. } => {
            format!("{} kan ikke læses eller skrives ({source}).", path.display())
        }
        RegistryError::Missing { path } => format!("{} findes ikke.", path.display()),
        RegistryError::NoVersion { path } => {
            format!("{} rummer ingen version af en model; træn en først.", path.display())
        }
        RegistryError::Record { path, .. } => format!(
            "Fortegnelsen {} kan ikke læses. Hent den fra en sikkerhedskopi, eller fjern den (så er \
             den første version i brug), og tag en version i brug igen.",
            path.display()
        ),
        RegistryError::NoSuchVersion { version, .. } => format!("Version {version} findes ikke."),
        RegistryError::Busy { .. } => {
            "Et andet program ændrer fortegnelsen lige nu; prøv igen om lidt.".to_owned()
        }
        RegistryError::Unverified { path, .. } => format!(
            "{} er beskadiget eller lavet af en anden udgave. Hent filen fra en sikkerhedskopi, tag \
             en anden version i brug, eller træn en ny.",
            path.display()
        ),
        RegistryError::Replaced { path, .. } => format!(
            "{} er ikke den fil, der blev taget i brug. Læg den gamle fil tilbage, eller tag denne i \
             brug.",
            path.display()
        ),
        RegistryError::Unsuitable { path, what } => {
            format!("{} kan ikke bruges her ({what}).", path.display())
        }
        RegistryError::NoPrevious { champion, .. } => format!(
            "Ingen anden version har været i brug før {champion}; vælg en på listen i stedet."
        ),
        RegistryError::IsChampion { version, .. } => {
            format!("Version {version} er i brug; kun en anden version kan udfordre den.")
        }
    }
}

fn code(error: &RegistryError) -> u8 {
    match error {
        // Nothing is wrong with a model; it could not be done now, or not like this.
        RegistryError::Io { .. }
        | RegistryError::Busy { .. }
        | RegistryError::NoPrevious { .. }
        | RegistryError::IsChampion { .. } => exit::FAILED,
        _ => exit::MODEL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_why_what_to_do_and_what_goes_on() {
        let source = postbud_model::Model::from_bytes(b"nonsense").err().unwrap();
        let refused = of(&RegistryError::Unverified { path: "m/2".into(), source }, Some("m/1"));
        let text = refused.to_string();
        assert!(text.starts_with("m/2 does not verify: "), "{text}");
        assert!(text.contains("backup") && text.ends_with("m/1 stays in use"), "{text}");
        assert_eq!(refused.code, exit::MODEL);
        let both = said(&RegistryError::Busy { path: "m".into() }, Some("m/1"));
        assert!(both.danish.ends_with("m/1 er stadig i brug."), "{}", both.danish);
        assert!(both.english.ends_with("m/1 stays in use"), "{}", both.english);
        let none = RegistryError::NoPrevious { path: "m".into(), champion: 1 };
        assert_eq!(of(&none, None).code, exit::FAILED);
    }
}
