//! The port to the queue that letters wait in. Both implementations deliver at least once.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{RawId, Timestamp};

/// What travels on the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The raw bytes of one letter.
    Inline(Bytes),
    /// The raw bytes lie in the store already; letters above one mebibyte travel like this.
    Stored(RawId),
}

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Message {
    /// The letter or a reference to it.
    pub body: Body,
    /// A name for the message in lists and logs; the letter's id where it is known.
    pub id: String,
}

/// Stands for one message that was received and not yet settled. Belongs to the queue that gave
/// it and to no other; useless after a reconnect, which redelivers the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// Which connection or session it belongs to.
    pub session: u64,
    /// The message within it.
    pub number: u64,
}

/// A message as received.
#[derive(Debug, Clone)]
pub struct Received {
    /// Needed to settle it.
    pub token: Token,
    /// The name it was published under, empty for a foreign publisher that gave none.
    pub id: String,
    /// What it carries; the error says why a message cannot be understood (a reference that is
    /// no reference, say).
    pub body: Result<Body, String>,
    /// How often processing has already failed with [`Settlement::Retry`].
    pub attempts: u32,
    /// How often the message came back without being settled: the process died, or the connection.
    pub returned: u32,
}

/// What became of a received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Stored and decided: the queue may forget it.
    Done,
    /// Could not be processed; serve it again after the queue's retry delay, one attempt spent.
    Retry {
        /// Why, without any text of the letter.
        reason: String,
    },
    /// Could not be processed and will not be tried again: to the dead letters.
    Dead {
        /// Why, without any text of the letter.
        reason: String,
    },
    /// Not processed at all (shutting down, store away): serve it again, no attempt spent.
    Release,
}

/// How many messages wait where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub waiting: u64,
    /// Waiting for their next attempt.
    pub retrying: u64,
    /// Dead letters.
    pub dead: u64,
}

/// A message that could not be brought through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The name it was published under.
    pub id: String,
    /// Why it is here.
    pub reason: String,
    /// How many attempts were made.
    pub attempts: u32,
    /// Size of its body in bytes.
    pub bytes: u64,
    /// When it was given up, where the queue knows it.
    pub at: Option<Timestamp>,
}

/// What can go wrong between the application and its queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue cannot be reached, or did not answer in time. Trying again later may help.
    #[error("the queue at {place} cannot be reached: {what}")]
    Unavailable {
        /// The address without its password.
        place: String,
        /// What was being done.
        what: String,
        /// What the library said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The broker took the message and has no queue for it.
    #[error(
        "the broker has no queue for messages to {queue}; declare it with `postbud run` or deploy/rabbitmq"
    )]
    Unroutable {
        /// The queue that is missing.
        queue: String,
    },
    /// The broker refused: a limit, a permission, another kind of queue under the same name.
    #[error("the broker refused: {what}")]
    Refused {
        /// What it said.
        what: String,
    },
}

/// Says which dead letters are erased.
#[async_trait]
pub trait DeadJudge: Send + Sync {
    /// Must this dead letter go for good? `given_up_at` is when it became one, where that is known.
    async fn condemns(&self, id: &str, body: &Body, given_up_at: Option<Timestamp>) -> bool;
}

/// A queue of letters that survives a crash of everybody.
///
/// Every call ends: an implementation puts a deadline on each of its own steps.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Publishes all messages; `Ok` means every one of them is durable and routed. On an error
    /// any part of them may have been published.
    async fn publish(&self, messages: Vec<Message>) -> Result<(), QueueError>;

    /// Waits at most `wait` for a first message and returns what is there, at most `max`.
    /// Reconnects by itself; an error means it could not within `wait`.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError>;

    /// Settles received messages. A token from before a reconnect is ignored: its message comes
    /// again, which is allowed at any time.
    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError>;

    /// How many messages wait where.
    async fn depth(&self) -> Result<Depth, QueueError>;

    /// The oldest dead letters, at most `max`. They stay where they are.
    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, QueueError>;

    /// Puts at most `max` dead letters back on the queue with no attempts spent: all of them, or
    /// only the one named `id`. Returns how many. None is lost if this is interrupted.
    async fn replay(&self, id: Option<&str>, max: usize) -> Result<u64, QueueError>;

    /// Erases for good the dead letters that `judge` condemns; all others stay where they are.
    /// Returns how many went. Interrupted, it has erased some of them; asked again, it does the rest.
    async fn erase_dead(&self, judge: &dyn DeadJudge) -> Result<u64, QueueError>;

    /// Stops receiving, so that what is not settled goes back; waits until settlements have
    /// reached the other side.
    async fn shutdown(&self) -> Result<(), QueueError>;
}
