//! Is Postbud ready? What the last look at each part said.

use std::sync::{PoisonError, RwLock};

use serde_json::{Value, json};

/// Something that Postbud depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The queue, RabbitMQ or embedded.
    Queue,
    /// The database.
    Store,
    /// The model.
    Model,
    /// The malware scanner.
    Scanner,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Queue, Self::Store, Self::Model, Self::Scanner];

    /// The word in metrics and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Store => "store",
            Self::Model => "model",
            Self::Scanner => "scanner",
        }
    }
}

/// How a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartState {
    /// Does it answer?
    pub up: bool,
    /// In words: why not, or what is worth knowing.
    pub says: String,
}

/// How the parts of a process are. Nothing is up before it was asked.
#[derive(Debug)]
pub struct Health {
    parts: RwLock<Vec<(Part, PartState)>>,
}

impl Default for Health {
    /// A process that depends on every part.
    fn default() -> Self {
        Self::of(&Part::ALL)
    }
}

impl Health {
    /// A process that depends on these parts alone.
    #[must_use]
    pub fn of(parts: &[Part]) -> Self {
        let unasked = || PartState { up: false, says: "not asked yet".to_owned() };
        Self { parts: RwLock::new(parts.iter().map(|part| (*part, unasked())).collect()) }
    }

    /// Notes how a part is; returns whether that has changed. Of a part on which nothing depends
    /// nothing is noted.
    pub fn note(&self, part: Part, state: PartState) -> bool {
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        let Some((_, place)) = parts.iter_mut().find(|(found, _)| *found == part) else {
            return false;
        };
        let changed = place.up != state.up;
        *place = state;
        changed
    }

    /// Are all parts up?
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.parts.read().unwrap_or_else(PoisonError::into_inner).iter().all(|(_, part)| part.up)
    }

    /// The answer to whoever asks.
    #[must_use]
    pub fn document(&self) -> Value {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        let one = |(part, state): (Part, PartState)| {
            (part.as_str().to_owned(), json!({ "up": state.up, "says": state.says }))
        };
        let ready = parts.iter().all(|(_, part)| part.up);
        let parts: serde_json::Map<String, Value> = parts.into_iter().map(one).collect();
        json!({ "ready": ready, "parts": parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_every_part_is_up() {
        let health = Health::default();
        assert!(!health.is_ready());
        for part in Part::ALL {
            assert!(!health.is_ready());
            assert!(health.note(part, PartState { up: true, says: "ok".into() }));
        }
        assert!(health.is_ready());
        assert!(!health.note(Part::Queue, PartState { up: true, says: "fine".into() }));
        assert!(health.note(Part::Store, PartState { up: false, says: "away".into() }));
        assert_eq!(health.document()["ready"], false);
        assert_eq!(health.document()["parts"]["store"]["says"], "away");
    }

    #[test]
    fn a_desk_is_ready_without_a_queue() {
        let health = Health::of(&[Part::Store]);
        assert!(!health.note(Part::Queue, PartState { up: false, says: "away".into() }));
        health.note(Part::Store, PartState { up: true, says: "answers".into() });
        assert!(health.is_ready());
        assert!(health.document()["parts"]["queue"].is_null());
    }
}
