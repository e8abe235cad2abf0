//! Ends leases: the message is done, comes again, or is dead.

use postbud_pipeline::ports::{Settlement, Timestamp, Token};

use crate::sql::{Fault, Tx, Value};

/// Reasons are cut to this length.
const REASON_CHARS: usize = 500;

/// What happens to messages that failed.
pub(super) struct Rule {
    /// A message that failed so often is dead.
    pub(super) attempts: u32,
    pub(super) retry_at: Timestamp,
    pub(super) now: Timestamp,
}

// Each statement looks for number and lease: a token whose lease has ended finds nothing.

const DONE: &str = "
    DELETE FROM queue WHERE n IN (
        SELECT t.n FROM {rows} JOIN queue AS t ON t.n = v.column1 AND t.lease = v.column2)";

const RETRY: &str = "
    UPDATE queue AS t
    SET attempts = t.attempts + 1, lease = NULL, visible_at = $1,
        dead_at = CASE WHEN t.attempts + 1 >= $2 THEN $3 END,
        dead_reason = CASE WHEN t.attempts + 1 >= $2 THEN v.column3 END
    FROM {rows} WHERE t.n = v.column1 AND t.lease = v.column2";

const DEAD: &str = "
    UPDATE queue AS t
    SET attempts = t.attempts + 1, lease = NULL, dead_at = $1, dead_reason = v.column3
    FROM {rows} WHERE t.n = v.column1 AND t.lease = v.column2";

const RELEASE: &str = "
    UPDATE queue AS t SET lease = NULL, visible_at = $1
    FROM {rows} WHERE t.n = v.column1 AND t.lease = v.column2";

const PROLONG: &str = "
    UPDATE queue AS t SET visible_at = $1
    FROM {rows} WHERE t.n = v.column1 AND t.lease = v.column2";

pub(super) async fn settle(
    tx: &mut Tx,
    outcomes: &[(Token, Settlement)],
    rule: &Rule,
) -> Result<(), Fault> {
    let mut done: Vec<[Value; 2]> = Vec::new();
    let mut release: Vec<[Value; 2]> = Vec::new();
    let mut retry: Vec<[Value; 3]> = Vec::new();
    let mut dead: Vec<[Value; 3]> = Vec::new();
    for (token, outcome) in outcomes {
        let [n, lease] = key(token);
        match outcome {
            Settlement::Done => done.push([n, lease]),
            Settlement::Release => release.push([n, lease]),
            Settlement::Retry { reason } => retry.push([n, lease, cut(reason)]),
            Settlement::Dead { reason } => dead.push([n, lease, cut(reason)]),
        }
    }
    let now = Value::from(rule.now.0);
    let limit = Value::from(i64::from(rule.attempts));
    tx.execute_rows(DONE, &[], &done).await?;
    tx.execute_rows(RETRY, &[rule.retry_at.0.into(), limit, now.clone()], &retry).await?;
    tx.execute_rows(DEAD, std::slice::from_ref(&now), &dead).await?;
    tx.execute_rows(RELEASE, std::slice::from_ref(&now), &release).await?;
    Ok(())
}

/// Lets leases that have not been given to others end at `until`.
pub(super) async fn prolong(tx: &mut Tx, tokens: &[Token], until: Timestamp) -> Result<(), Fault> {
    let rows: Vec<[Value; 2]> = tokens.iter().map(key).collect();
    tx.execute_rows(PROLONG, &[until.0.into()], &rows).await?;
    Ok(())
}

fn key(token: &Token) -> [Value; 2] {
    [token.number.cast_signed().into(), token.session.cast_signed().into()]
}

fn cut(reason: &str) -> Value {
    reason.chars().take(REASON_CHARS).collect::<String>().as_str().into()
}
