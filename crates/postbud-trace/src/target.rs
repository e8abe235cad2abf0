//! A target that notes each attempt to deliver.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use postbud_decide::MailboxId;
use postbud_pipeline::ports::{DeliveryError, Outgoing, Target};

use crate::spans::{Event, Spans};

/// Another target, traced.
pub struct TracedTarget {
    target: Arc<dyn Target>,
    spans: Arc<Spans>,
}

impl TracedTarget {
    /// Notes what `target` is handed.
    #[must_use]
    pub fn new(target: Arc<dyn Target>, spans: Arc<Spans>) -> Self {
        Self { target, spans }
    }
}

#[async_trait]
impl Target for TracedTarget {
    async fn deliver(&self, item: &Outgoing) -> Result<(), DeliveryError> {
        let began = SystemTime::now();
        let answer = self.target.deliver(item).await;
        let failed = match &answer {
            Ok(()) => None,
            Err(DeliveryError::Transient { .. }) => Some("transient"),
            Err(DeliveryError::Permanent { .. }) => Some("permanent"),
        };
        let attributes = vec![
            KeyValue::new("postbud.mailbox", item.mailbox.to_string()),
            KeyValue::new("postbud.attempt", i64::from(item.attempts) + 1),
        ];
        let (name, kind) = ("deliver", SpanKind::Client);
        let event = Event { name, kind, began, attributes, failed, first: false };
        self.spans.note(item.letter.as_str(), event);
        answer
    }

    fn lane(&self, mailbox: &MailboxId) -> String {
        self.target.lane(mailbox)
    }
}
