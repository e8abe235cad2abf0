//! What a refused version gets: why, what to do, and what goes on meanwhile.

use std::error::Error as _;

use postbud_learn::RegistryError;

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
        let none = RegistryError::NoPrevious { path: "m".into(), champion: 1 };
        assert_eq!(of(&none, None).code, exit::FAILED);
    }
}
