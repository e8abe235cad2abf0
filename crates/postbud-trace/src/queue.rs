//! A queue that notes what is put on it: where the trace of a letter begins.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use opentelemetry::trace::SpanKind;
use postbud_pipeline::ports::{
    DeadJudge, DeadLetter, Depth, Message, Queue, QueueError, Received, Settlement, Token,
};

use crate::spans::{Event, Spans};

/// Another queue, traced.
pub struct TracedQueue {
    queue: Arc<dyn Queue>,
    spans: Arc<Spans>,
}

impl TracedQueue {
    /// Notes what is published to `queue`.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, spans: Arc<Spans>) -> Self {
        Self { queue, spans }
    }
}

#[async_trait]
impl Queue for TracedQueue {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let letters: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
        let began = SystemTime::now();
        let answer = self.queue.publish(messages).await;
        // What was not taken comes again, and a letter has one beginning.
        if answer.is_ok() {
            for letter in letters.iter().filter(|letter| !letter.is_empty()) {
                let (name, kind, attributes) = ("intake", SpanKind::Producer, Vec::new());
                let event = Event { name, kind, began, attributes, failed: None, first: true };
                self.spans.note(letter, event);
            }
        }
        answer
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        self.queue.receive(max, wait).await
    }

    async fn settle(&self, outcomes: Vec<(Token, Settlement)>) -> Result<(), QueueError> {
        self.queue.settle(outcomes).await
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
