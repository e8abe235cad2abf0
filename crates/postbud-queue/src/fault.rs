//! What can go wrong with the broker, in a form that several waiting callers can share.

use std::time::Duration;

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use postbud_pipeline::ports::QueueError;

/// A fault of the broker or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not reachable, or no answer in time.
    Away {
        /// What was being done.
        what: String,
        /// What the library said; empty when there is nothing more to say.
        cause: String,
    },
    /// No queue for the message.
    Unroutable {
        /// The queue that is missing.
        queue: String,
    },
    /// The broker said no, and will say it again.
    Refused {
        /// What it said.
        what: String,
    },
}

/// What the library said, kept as text: the library's own error may be needed by several callers.
#[derive(Debug)]
struct Cause(String);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl Fault {
    /// A fault without a deeper cause.
    pub(crate) fn away(what: &str) -> Self {
        Self::Away { what: what.to_owned(), cause: String::new() }
    }

    /// A missed deadline.
    pub(crate) fn late(what: &str, deadline: Duration) -> Self {
        let cause = format!("no answer within {} ms", deadline.as_millis());
        Self::Away { what: what.to_owned(), cause }
    }

    /// What the library reports. Its messages name queues and limits, never a body or a password.
    pub(crate) fn from_broker(what: &str, error: &lapin::Error) -> Self {
        let ErrorKind::ProtocolError(answer) = error.kind() else {
            return Self::Away { what: what.to_owned(), cause: error.to_string() };
        };
        let permanent = matches!(
            answer.kind(),
            AMQPErrorKind::Soft(
                AMQPSoftError::ACCESSREFUSED
                    | AMQPSoftError::PRECONDITIONFAILED
                    | AMQPSoftError::NOTFOUND
                    | AMQPSoftError::CONTENTTOOLARGE
            ) | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED | AMQPHardError::NOTIMPLEMENTED)
        );
        if permanent {
            Self::Refused { what: format!("{what}: {}", answer.get_message()) }
        } else {
            Self::Away { what: what.to_owned(), cause: error.to_string() }
        }
    }

    /// The port's form of this fault.
    pub(crate) fn at(self, place: &str) -> QueueError {
        match self {
            Self::Away { what, cause } => QueueError::Unavailable {
                place: place.to_owned(),
                what,
                source: (!cause.is_empty()).then(|| Box::new(Cause(cause)) as _),
            },
            Self::Unroutable { queue } => QueueError::Unroutable { queue },
            Self::Refused { what } => QueueError::Refused { what },
        }
    }

    /// One line for the log.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Away { what, cause } if cause.is_empty() => what.clone(),
            Self::Away { what, cause } => format!("{what}: {cause}"),
            Self::Unroutable { queue } => format!("there is no queue {queue}"),
            Self::Refused { what } => format!("refused: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapin::protocol::AMQPError;

    fn broker(kind: AMQPErrorKind) -> Fault {
        let error = ErrorKind::ProtocolError(AMQPError::new(kind, "as the broker put it".into()));
        Fault::from_broker("declare post.incoming", &error.into())
    }

    #[test]
    fn a_refusal_is_told_from_an_absence() {
        let refused = broker(AMQPSoftError::PRECONDITIONFAILED.into());
        let what = "declare post.incoming: as the broker put it".to_owned();
        assert_eq!(refused, Fault::Refused { what });
        let forced = broker(AMQPHardError::CONNECTIONFORCED.into());
        assert!(matches!(forced, Fault::Away { .. }));
    }

    #[test]
    fn the_cause_is_the_source_and_not_repeated() {
        let error = Fault::late("publish", Duration::from_millis(250)).at("amqp://mq:5672");
        assert_eq!(error.to_string(), "the queue at amqp://mq:5672 cannot be reached: publish");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("no answer within 250 ms"));
    }
}
