//! Accounts, sessions, and who saw what.

use postbud_letter::LetterId;
use postbud_pipeline::ports::{Access, LookCount, LookSample, Role, Session, Timestamp, User};

use crate::sql::{Fault, Row, Tx};

/// So many rows of the access log at most.
const ACCESSES: u32 = 1_000;

pub(super) async fn accesses(
    tx: &mut Tx,
    letter: Option<&LetterId>,
    limit: u32,
) -> Result<Vec<Access>, Fault> {
    const ALL: &str = "SELECT at, who, letter, why FROM desk_access ORDER BY n DESC LIMIT $1";
    const ONE: &str = "
        SELECT at, who, letter, why FROM desk_access WHERE letter = $2 ORDER BY n DESC LIMIT $1";
    let limit = i64::from(limit.min(ACCESSES)).into();
    let rows = match letter {
        None => tx.query(ALL, &[limit]).await?,
        Some(letter) => tx.query(ONE, &[limit, letter.as_str().into()]).await?,
    };
    rows.iter().map(access_of).collect()
}

fn access_of(row: &Row) -> Result<Access, Fault> {
    Ok(Access {
        at: Timestamp(row.int(0)?),
        by: row.text(1)?,
        letter: row.text(2)?,
        why: row.text(3)?,
    })
}

pub(super) async fn look_sample(
    tx: &mut Tx,
    times: (Timestamp, Timestamp),
    limit: u32,
) -> Result<LookSample, Fault> {
    const PEOPLE: &str = "
        SELECT who, COUNT(*), COUNT(DISTINCT letter) FROM desk_access
        WHERE at >= $1 AND at < $2 GROUP BY who ORDER BY COUNT(*) DESC, who LIMIT $3";
    const LOOKS: &str = "
        SELECT at, who, letter, why FROM desk_access
        WHERE at >= $1 AND at < $2 AND chain IS NOT NULL ORDER BY chain LIMIT $3";
    let args = |limit: u32| [times.0.0.into(), times.1.0.into(), i64::from(limit).into()];
    let people = tx.query(PEOPLE, &args(ACCESSES)).await?;
    let people = people.iter().map(|row| {
        let (looks, letters) = (row.count(1)?, row.count(2)?);
        Ok(LookCount { by: row.text(0)?, looks, letters })
    });
    let people = people.collect::<Result<_, Fault>>()?;
    let looks = tx.query(LOOKS, &args(limit.min(ACCESSES))).await?;
    let mut looks = looks.iter().map(access_of).collect::<Result<Vec<_>, Fault>>()?;
    looks.sort_by_key(|look| look.at);
    Ok(LookSample { people, looks })
}

pub(super) async fn add(tx: &mut Tx, user: &User) -> Result<bool, Fault> {
    let added = tx
        .execute(
            "INSERT INTO desk_users (name, role, password, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO NOTHING",
            &[
                user.name.as_str().into(),
                user.role.as_str().into(),
                user.password.as_str().into(),
                user.created_at.0.into(),
            ],
        )
        .await?;
    Ok(added == 1)
}

pub(super) async fn disable(tx: &mut Tx, name: &str, now: Timestamp) -> Result<bool, Fault> {
    let found = tx
        .execute(
            "UPDATE desk_users SET disabled_at = $2 WHERE name = $1",
            &[name.into(), now.0.into()],
        )
        .await?;
    tx.execute("DELETE FROM desk_sessions WHERE name = $1", &[name.into()]).await?;
    Ok(found == 1)
}

pub(super) async fn set_password(tx: &mut Tx, name: &str, password: &str) -> Result<bool, Fault> {
    let found = tx
        .execute(
            "UPDATE desk_users SET password = $2, failures = 0, locked_until = 0 WHERE name = $1",
            &[name.into(), password.into()],
        )
        .await?;
    tx.execute("DELETE FROM desk_sessions WHERE name = $1", &[name.into()]).await?;
    Ok(found == 1)
}

const USERS: &str =
    "SELECT name, role, password, created_at, disabled_at, locked_until FROM desk_users";

pub(super) async fn user(tx: &mut Tx, name: &str) -> Result<Option<User>, Fault> {
    let rows = tx.query(&format!("{USERS} WHERE name = $1"), &[name.into()]).await?;
    rows.first().map(user_of).transpose()
}

pub(super) async fn users(tx: &mut Tx) -> Result<Vec<User>, Fault> {
    tx.query(&format!("{USERS} ORDER BY name"), &[]).await?.iter().map(user_of).collect()
}

fn user_of(row: &Row) -> Result<User, Fault> {
    Ok(User {
        name: row.text(0)?,
        role: role_of(&row.text(1)?)?,
        password: row.text(2)?,
        created_at: Timestamp(row.int(3)?),
        disabled: row.int_or_null(4)?.is_some(),
        locked_until: Timestamp(row.int(5)?),
    })
}

pub(super) fn role_of(text: &str) -> Result<Role, Fault> {
    Role::parse(text).ok_or_else(|| Fault::Incompatible(format!("a user with the role {text}")))
}

pub(super) async fn failed(
    tx: &mut Tx,
    name: &str,
    limit: u32,
    until: Timestamp,
) -> Result<(), Fault> {
    tx.execute(
        "UPDATE desk_users SET failures = failures + 1,
                locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END
         WHERE name = $1",
        &[name.into(), i64::from(limit).into(), until.0.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn begin(
    tx: &mut Tx,
    id: &str,
    name: &str,
    csrf: &str,
    times: (Timestamp, Timestamp),
) -> Result<(), Fault> {
    tx.execute(
        "UPDATE desk_users SET failures = 0, locked_until = 0 WHERE name = $1",
        &[name.into()],
    )
    .await?;
    tx.execute("DELETE FROM desk_sessions WHERE until <= $1", &[times.0.0.into()]).await?;
    tx.execute(
        "INSERT INTO desk_sessions (id, name, csrf, until) VALUES ($1, $2, $3, $4)",
        &[id.into(), name.into(), csrf.into(), times.1.0.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn session(
    tx: &mut Tx,
    id: &str,
    now: Timestamp,
) -> Result<Option<Session>, Fault> {
    const SESSION: &str = "
        SELECT s.name, u.role, s.csrf FROM desk_sessions AS s JOIN desk_users AS u ON u.name = s.name
        WHERE s.id = $1 AND s.until > $2 AND u.disabled_at IS NULL";
    let rows = tx.query(SESSION, &[id.into(), now.0.into()]).await?;
    let session = rows.first().map(|row| {
        Ok(Session { name: row.text(0)?, role: role_of(&row.text(1)?)?, csrf: row.text(2)? })
    });
    session.transpose()
}

pub(super) async fn end(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    tx.execute("DELETE FROM desk_sessions WHERE id = $1", &[id.into()]).await?;
    Ok(())
}
