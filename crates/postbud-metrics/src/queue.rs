//! A queue that counts what goes through it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postbud_pipeline::ports::{
    DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, Received, Settlement, Token,
};

use crate::inventory::{RECEIVED, SETTLED};
use crate::metrics::Metrics;
use crate::stage::measured;

/// Another queue, counted.
pub struct MeasuredQueue {
    queue: Arc<dyn Queue>,
    metrics: Arc<Metrics>,
}

impl MeasuredQueue {
    /// Counts what goes through `queue`.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, metrics: Arc<Metrics>) -> Self {
        Self { queue, metrics }
    }
}

#[async_trait]
impl Queue for MeasuredQueue {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        self.queue.publish(messages).await
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        let received = measured(&self.metrics, "receive", self.queue.receive(max, wait)).await?;
        for message in &received {
            let kind = match (message.attempts, message.returned) {
                (0, 0) => "new",
                (0, _) => "returned",
                _ => "retried",
            };
            self.metrics.count(&RECEIVED, &[kind], 1);
        }
        Ok(received)
    }

    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        let how = |(_, settlement): &(Token, Settlement)| match settlement {
            Settlement::Done => "done",
            Settlement::Retry { .. } => "retry",
            Settlement::Dead { .. } => "dead",
            Settlement::Release => "release",
        };
        let how: Vec<&str> = outcomes.iter().map(how).collect();
        measured(&self.metrics, "settle", self.queue.settle(outcomes)).await?;
        for how in how {
            self.metrics.count(&SETTLED, &[how], 1);
        }
        Ok(())
    }

    async fn depth(&self) -> Result<Depth, QueueError> {
        self.queue.depth().await
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        self.queue.dead(max).await
    }

    async fn replay(&self, id: Option<&str>, max: usize) -> Result<u64, QueueError> {
        self.queue.replay(id, max).await
    }

    async fn erase_dead(&self, judge: &dyn DeadJudge) -> Result<u64, QueueError> {
        self.queue.erase_dead(judge).await
    }

    async fn shutdown(&self) -> Result<(), QueueError> {
        self.queue.shutdown().await
    }
}
