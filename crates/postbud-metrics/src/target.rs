//! A target that counts what it is handed.

use std::sync::Arc;

use async_trait::async_trait;
use postbud_decide::MailboxId;
use postbud_pipeline::ports::{DeliveryError, Outgoing, Target};

use crate::inventory::DELIVERIES;
use crate::metrics::Metrics;
use crate::stage::measured;

/// Another target, counted.
pub struct MeasuredTarget {
    target: Arc<dyn Target>,
    metrics: Arc<Metrics>,
}

impl MeasuredTarget {
    /// Counts what `target` is handed.
    #[must_use]
    pub fn new(target: Arc<dyn Target>, metrics: Arc<Metrics>) -> Self {
        Self { target, metrics }
    }
}

#[async_trait]
impl Target for MeasuredTarget {
    async fn deliver(&self, item: &Outgoing) -> Result<(), DeliveryError> {
        let answer = measured(&self.metrics, "deliver", self.target.deliver(item)).await;
        let result = match &answer {
            Ok(()) => "accepted",
            Err(DeliveryError::Transient { .. }) => "transient",
            Err(DeliveryError::Permanent { .. }) => "permanent",
        };
        let mailbox = self.metrics.mailbox(Some(&item.mailbox));
        self.metrics.count(&DELIVERIES, &[mailbox, result], 1);
        answer
    }

    fn lane(&self, mailbox: &MailboxId) -> String {
        self.target.lane(mailbox)
    }
}
