//! The suite that every queue must pass, over RabbitMQ.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use async_trait::async_trait;
use postbud_pipeline::conformance::QueueHarness;
use postbud_pipeline::ports::Queue;
use postbud_queue::RabbitOptions;

/// Three queues of its own, deleted when the case is over.
struct Harness(RabbitOptions);

#[async_trait]
impl QueueHarness for Harness {
    async fn connect(&self) -> Box<dyn Queue> {
        Box::new(support::connect(&self.0).await)
    }

    async fn crash(&self, queue: Box<dyn Queue>) {
        // The connections close without a word of the protocol about the messages they hold.
        drop(queue);
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let options = self.0.clone();
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(support::clean(&options));
        });
    }
}

async fn fresh(_case: &str) -> Option<Harness> {
    let url = support::broker()?;
    Some(Harness(support::options(&url)))
}

postbud_pipeline::queue_conformance!(fresh);
