//! What an identity token says about a person, and what that means here.

use postbud_pipeline::ports::{Identity, Role, is_person};
use serde_json::{Map, Value};

use super::{OidcError, OidcOptions};
use crate::password::NOBODY;

/// The longest name here, as for accounts made on the command line.
const NAME_CHARS: usize = 64;
/// The longest number of a person.
const SUBJECT_CHARS: usize = 255;

/// The claims of a token that holds.
pub(super) type Claims = Map<String, Value>;

/// The claim at a path whose parts dots part; a claim whose own name has dots comes first.
fn claim<'c>(claims: &'c Claims, path: &str) -> Option<&'c Value> {
    if let Some(found) = claims.get(path) {
        return Some(found);
    }
    let mut parts = path.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// The texts of a claim: one, or a list.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Who this is. Of several roles the one that may do most counts.
pub(super) fn identity(claims: &Claims, options: &OidcOptions) -> Result<Identity, OidcError> {
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if subject.is_empty() || subject.chars().count() > SUBJECT_CHARS {
        return Err(OidcError::Token("the claim sub is missing".to_owned()));
    }
    let no_name = || OidcError::NoName(options.name_claim.clone());
    let name = claim(claims, &options.name_claim).and_then(Value::as_str).unwrap_or_default();
    let name = name.trim();
    if !is_person(name) || name.chars().count() > NAME_CHARS {
        return Err(no_name());
    }
    let given = texts(claim(claims, &options.role_claim));
    let has = |role: Role| {
        options.roles.iter().any(|(name, meant)| *meant == role && given.contains(&name.as_str()))
    };
    let role = [Role::Owner, Role::Clerk, Role::Auditor].into_iter().find(|role| has(*role));
    Ok(Identity {
        issuer: options.issuer.clone(),
        subject: subject.to_owned(),
        name: name.to_owned(),
        role: role.ok_or(OidcError::NoRole)?,
        password: NOBODY.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(role_claim: &str) -> OidcOptions {
        OidcOptions {
            issuer: "https://id.klit.example".to_owned(),
            client_id: "postbud".to_owned(),
            client_secret: Some("hemmelig".to_owned()),
            public_url: "https://postbud.klit.example".to_owned(),
            scopes: Vec::new(),
            name_claim: "preferred_username".to_owned(),
            role_claim: role_claim.to_owned(),
            roles: vec![("Fordeler".to_owned(), Role::Clerk), ("Ejer".to_owned(), Role::Owner)],
        }
    }

    fn identity_of(claims: &Value, role_claim: &str) -> Result<Identity, OidcError> {
        identity(claims.as_object().unwrap(), &options(role_claim))
    }

    #[test]
    fn roles_are_found_where_issuers_put_them() {
        let who = json!({ "sub": "1", "preferred_username": " klara ",
            "roles": ["andet", "Fordeler"], "realm_access": { "roles": ["Fordeler", "Ejer"] },
            "https://klit.example/rolle": "Ejer" });
        let role = |path| identity_of(&who, path).map(|found| found.role);
        assert!(matches!(role("roles"), Ok(Role::Clerk)));
        assert!(matches!(role("realm_access.roles"), Ok(Role::Owner)), "that which may do most");
        assert!(matches!(role("https://klit.example/rolle"), Ok(Role::Owner)));
        for nowhere in ["groups", "realm_access.roles.x", "sub", ""] {
            assert!(matches!(role(nowhere), Err(OidcError::NoRole)), "{nowhere}");
        }
        let found = identity_of(&who, "roles").unwrap();
        assert_eq!((found.name.as_str(), found.subject.as_str()), ("klara", "1"));
    }

    #[test]
    fn nobody_without_a_number_or_a_name_comes_in() {
        let long = "a".repeat(65);
        for name in ["", " ", "postbud", "a\nb", &long] {
            let who = json!({ "sub": "1", "preferred_username": name, "roles": "Ejer" });
            assert!(matches!(identity_of(&who, "roles"), Err(OidcError::NoName(_))), "{name:?}");
        }
        let who = json!({ "preferred_username": "klara", "roles": "Ejer" });
        assert!(matches!(identity_of(&who, "roles"), Err(OidcError::Token(_))));
    }

    #[test]
    fn no_secret_is_ever_shown() {
        assert!(!format!("{:?}", options("roles")).contains("hemmelig"));
    }
}
