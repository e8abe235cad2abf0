//! Switches for automatic routing: off by one person, on again by two.

use postbud_decide::MailboxId;
use postbud_pipeline::ports::{Switch, SwitchState, Timestamp};

use crate::sql::{Fault, Row, Tx};

/// The last use of every switch.
const STATES: &str = "
    SELECT t.mailbox, t.state, t.who, t.at FROM desk_switches AS t
    WHERE t.n = (SELECT MAX(n) FROM desk_switches WHERE mailbox = t.mailbox)
    ORDER BY t.mailbox";

/// How everything is called in the table.
fn key(mailbox: Option<&MailboxId>) -> &str {
    mailbox.map_or("", MailboxId::as_str)
}

fn switch_of(row: &Row) -> Result<Switch, Fault> {
    let (mailbox, state) = (row.text(0)?, row.text(1)?);
    let wrong = |what: &str| Fault::Incompatible(format!("a switch with {what}"));
    Ok(Switch {
        mailbox: match mailbox.as_str() {
            "" => None,
            id => Some(MailboxId::parse(id).map_err(|_| wrong("an impossible mailbox"))?),
        },
        state: SwitchState::parse(&state).ok_or_else(|| wrong("an unknown state"))?,
        by: row.text(2)?,
        at: Timestamp(row.int(3)?),
    })
}

pub(super) async fn states(tx: &mut Tx) -> Result<Vec<Switch>, Fault> {
    tx.query(STATES, &[]).await?.iter().map(switch_of).collect()
}

async fn put(
    tx: &mut Tx,
    mailbox: Option<&MailboxId>,
    state: SwitchState,
    who: &str,
    now: Timestamp,
) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO desk_switches (mailbox, state, who, at) VALUES ($1, $2, $3, $4)",
        &[key(mailbox).into(), state.as_str().into(), who.into(), now.0.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn off(
    tx: &mut Tx,
    mailbox: Option<&MailboxId>,
    who: &str,
    now: Timestamp,
) -> Result<(), Fault> {
    put(tx, mailbox, SwitchState::Off, who, now).await
}

/// Two people who confirm at the same moment write `on` twice, which is the same. Somebody who
/// switches off meanwhile may come before or after: the order of the rows decides for everybody.
pub(super) async fn on(
    tx: &mut Tx,
    mailbox: Option<&MailboxId>,
    who: &str,
    now: Timestamp,
) -> Result<SwitchState, Fault> {
    let states = states(tx).await?;
    let found = states.iter().find(|switch| switch.mailbox.as_ref() == mailbox);
    let state = match found {
        None => return Ok(SwitchState::On),
        Some(switch) => match switch.state {
            SwitchState::On => return Ok(SwitchState::On),
            SwitchState::Asked if switch.by == who => return Ok(SwitchState::Asked),
            SwitchState::Asked => SwitchState::On,
            SwitchState::Off => SwitchState::Asked,
        },
    };
    put(tx, mailbox, state, who, now).await?;
    Ok(state)
}
