//! `postbud user`: the accounts of those who decide at the desk.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context;
use postbud_desk::{hash_password, token_hash};
use postbud_pipeline::ports::{
    Desk as _, DeskError, Integration, Owner as _, Role, Timestamp, User,
};
use serde_json::json;
use uuid::Uuid;

use crate::cli::{
    AddUserArgs, Lang, ListUsersArgs, NamedUserArgs, PasswordArgs, TokenArgs, UserArgs, UserCommand,
};
use crate::exit::{self, Failure};
use crate::{output, telemetry, wiring};

/// The longest name.
const NAME_CHARS: usize = 64;
/// No password is longer.
const FILE_BYTES: u64 = 2_048;

/// Does what was asked.
pub(crate) async fn run(args: &UserArgs) -> anyhow::Result<()> {
    match &args.command {
        UserCommand::Add(args) => add(args).await,
        UserCommand::List(args) => list(args).await,
        UserCommand::Password(args) => password(args).await,
        UserCommand::Token(args) => token(args).await,
        UserCommand::Disable(args) => disable(args).await,
    }
}

async fn add(args: &AddUserArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let name = name(&args.name)?;
    let (password, made) = given_or_made(args.password.password_file.as_deref())?;
    let user = User {
        name: name.to_owned(),
        role: args.role.into(),
        password: hash_password(&password)?,
        created_at: Timestamp::now(),
        disabled: false,
        locked_until: Timestamp(0),
    };
    wiring::store(&config).await?.add_user(&user).await?;
    told(name, made.then_some(&password), args.output.json)
}

async fn password(args: &PasswordArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let (password, made) = given_or_made(args.password.password_file.as_deref())?;
    let store = wiring::store(&config).await?;
    store.set_password(&args.name, &hash_password(&password)?).await?;
    told(&args.name, made.then_some(&password), args.output.json)
}

/// Makes a token for a program. The store keeps its hash.
async fn token(args: &TokenArgs) -> anyhow::Result<()> {
    const DAY_MS: i64 = 86_400_000;
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let name = name(&args.name)?;
    let now = Timestamp::now();
    let until = now.plus_ms(args.days.saturating_mul(DAY_MS));
    let program = Integration { name: name.to_owned(), created_at: now, until, disabled: false };
    let token = format!("postbud_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    wiring::store(&config).await?.put_integration(&token_hash(&token), &program).await?;
    if args.output.json {
        return output::json(&json!({ "name": name, "token": token, "until": until }));
    }
    output::line(&format!("{name}\n{token}"))
}

async fn disable(args: &NamedUserArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    match store.disable_user(&args.name, Timestamp::now()).await {
        Err(DeskError::UnknownUser(name)) => {
            store.disable_integration(&name, Timestamp::now()).await?;
        }
        other => other?,
    }
    told(&args.name, None, args.output.json)
}

async fn list(args: &ListUsersArgs) -> anyhow::Result<()> {
    let config = wiring::installation(&args.config)?;
    telemetry::start(config.log.format, "warn");
    let store = wiring::store(&config).await?;
    let mut users = store.users().await?;
    // A program in the same list: whoever looks sees everybody who may come in.
    users.extend(store.integrations().await?.into_iter().map(|program| User {
        name: program.name,
        role: Role::Integration,
        password: String::new(),
        created_at: program.created_at,
        disabled: program.disabled || program.until <= Timestamp::now(),
        locked_until: Timestamp(0),
    }));
    if args.output.json {
        let users: Vec<_> = users
            .iter()
            .map(|user| {
                json!({ "name": user.name, "role": user.role, "created_at": user.created_at,
                        "disabled": user.disabled })
            })
            .collect();
        return output::json(&json!({ "users": users }));
    }
    let danish = output::lang(args.output.lang) == Lang::Da;
    let header = match danish {
        true => ["navn", "rolle", "oprettet", "slået fra"],
        false => ["name", "role", "made", "switched off"],
    };
    let off = |user: &User| match (user.disabled, danish) {
        (false, _) => "",
        (true, true) => "ja",
        (true, false) => "yes",
    };
    let rows = users.iter().map(|user| {
        vec![
            output::plain(&user.name),
            user.role.as_str().to_owned(),
            output::moment(user.created_at),
            off(user).to_owned(),
        ]
    });
    output::line(&output::table(&header, &[], rows.collect()))
}

/// Says whose account it is, and the password when one was made.
fn told(name: &str, password: Option<&String>, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&json!({ "name": name, "password": password }));
    }
    match password {
        Some(password) => output::line(&format!("{name}\n{password}")),
        None => output::line(name),
    }
}

/// A name that can stand on a page and in a log.
fn name(text: &str) -> anyhow::Result<&str> {
    let name = text.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS || name.chars().any(char::is_control) {
        let what = format!("a name has 1 to {NAME_CHARS} characters, all of them visible");
        return Err(Failure::new(exit::CONFIGURATION, what).into());
    }
    Ok(name)
}

/// The password of the file, or a new one; with whether it is new.
fn given_or_made(file: Option<&Path>) -> anyhow::Result<(String, bool)> {
    let Some(path) = file else {
        return Ok((made(), true));
    };
    let mut text = String::new();
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text));
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    Ok((text.lines().next().unwrap_or_default().to_owned(), false))
}

/// A random password of 60 bits or more: after five wrong ones an account rests.
pub(crate) fn made() -> String {
    let random = Uuid::new_v4().simple().to_string();
    let groups: Vec<&str> =
        [0..4, 4..8, 8..12, 20..24].into_iter().filter_map(|range| random.get(range)).collect();
    groups.join("-")
}

/// Makes an account, or gives the one of this name another password.
pub(crate) async fn renew(store: &postbud_store::SqlStore, user: &User) -> Result<(), DeskError> {
    match store.add_user(user).await {
        Err(DeskError::UserExists(name)) => store.set_password(&name, &user.password).await,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_passwords_are_accepted_and_differ() {
        let (one, other) = (made(), made());
        assert_ne!(one, other);
        assert!(hash_password(&one).is_ok(), "{one}");
        assert_eq!(one.len(), 19);
    }

    #[test]
    fn names_are_visible() {
        assert_eq!(name(" Anna Ø ").unwrap(), "Anna Ø");
        for bad in ["", "  ", "a\nb", &"a".repeat(65)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}
