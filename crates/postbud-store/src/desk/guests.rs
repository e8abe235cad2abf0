//! Who else than people with a password comes to the desk: programs with a token, and people who
//! sign in elsewhere.

use postbud_pipeline::ports::{Identity, Integration, Session, Timestamp};

use super::people::role_of;
use crate::sql::{Fault, Tx};

/// Adds a program or gives the one of this name another token; `false` when a person has the name.
pub(super) async fn put(tx: &mut Tx, id: &str, program: &Integration) -> Result<bool, Fault> {
    if taken(tx, &program.name).await? {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO desk_integrations (name, token, created_at, until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET token = excluded.token, created_at = excluded.created_at,
             until = excluded.until, disabled_at = NULL",
        &[
            program.name.as_str().into(),
            id.into(),
            program.created_at.0.into(),
            program.until.0.into(),
        ],
    )
    .await?;
    Ok(true)
}

/// Has a person this name?
async fn taken(tx: &mut Tx, name: &str) -> Result<bool, Fault> {
    let found = tx.query("SELECT name FROM desk_users WHERE name = $1", &[name.into()]).await?;
    Ok(!found.is_empty())
}

pub(super) async fn find(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<String>, Fault> {
    const FIND: &str = "
        SELECT name FROM desk_integrations WHERE token = $1 AND until > $2 AND disabled_at IS NULL";
    let rows = tx.query(FIND, &[id.into(), now.0.into()]).await?;
    rows.first().map(|row| row.text(0)).transpose()
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Integration>, Fault> {
    const ALL: &str =
        "SELECT name, created_at, until, disabled_at FROM desk_integrations ORDER BY name";
    let rows = tx.query(ALL, &[]).await?;
    let programs = rows.iter().map(|row| {
        Ok(Integration {
            name: row.text(0)?,
            created_at: Timestamp(row.int(1)?),
            until: Timestamp(row.int(2)?),
            disabled: row.int_or_null(3)?.is_some(),
        })
    });
    programs.collect()
}

pub(super) async fn disable(tx: &mut Tx, name: &str, now: Timestamp) -> Result<bool, Fault> {
    let found = tx
        .execute(
            "UPDATE desk_integrations SET disabled_at = $2 WHERE name = $1",
            &[name.into(), now.0.into()],
        )
        .await?;
    Ok(found == 1)
}

/// What became of somebody who signed in elsewhere.
pub(super) enum Found {
    /// Their account; the token of its forms is the caller's to give.
    Account(Session),
    /// It is switched off.
    Disabled,
    /// Somebody else has their name here.
    Taken,
}

/// Whom an issuer means is known by its own number for them: names change hands.
pub(super) async fn identified(
    tx: &mut Tx,
    identity: &Identity,
    now: Timestamp,
) -> Result<Found, Fault> {
    const KNOWN: &str = "
        SELECT u.name, u.disabled_at FROM desk_identities AS i JOIN desk_users AS u ON u.name = i.name
        WHERE i.issuer = $1 AND i.subject = $2";
    let key = [identity.issuer.as_str().into(), identity.subject.as_str().into()];
    let found = tx.query(KNOWN, &key).await?;
    let name = match found.first() {
        Some(row) if row.int_or_null(1)?.is_some() => return Ok(Found::Disabled),
        Some(row) => row.text(0)?,
        None => match add(tx, identity, now).await? {
            true => identity.name.clone(),
            false => return Ok(Found::Taken),
        },
    };
    tx.execute(
        "UPDATE desk_users SET role = $2 WHERE name = $1",
        &[name.as_str().into(), identity.role.as_str().into()],
    )
    .await?;
    let role = role_of(identity.role.as_str())?;
    Ok(Found::Account(Session { name, role, csrf: String::new() }))
}

/// Makes the account; `false` when the name is somebody else's.
async fn add(tx: &mut Tx, identity: &Identity, now: Timestamp) -> Result<bool, Fault> {
    const PROGRAM: &str = "SELECT name FROM desk_integrations WHERE name = $1";
    let name = identity.name.as_str();
    if !tx.query(PROGRAM, &[name.into()]).await?.is_empty() {
        return Ok(false);
    }
    let added = tx
        .execute(
            "INSERT INTO desk_users (name, role, password, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO NOTHING",
            &[
                name.into(),
                identity.role.as_str().into(),
                identity.password.as_str().into(),
                now.0.into(),
            ],
        )
        .await?;
    if added == 0 {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO desk_identities (issuer, subject, name, created_at) VALUES ($1, $2, $3, $4)",
        &[
            identity.issuer.as_str().into(),
            identity.subject.as_str().into(),
            name.into(),
            now.0.into(),
        ],
    )
    .await?;
    Ok(true)
}
