//! A signal that asks the workers to finish what they hold and leave.

use std::time::Duration;

use tokio::sync::watch;

/// Asks everybody who holds a [`Stop`] to stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Tells whether to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A stopper and what it stops.
#[must_use]
pub fn stop_pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks to stop. Asking twice changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Was it asked?
    #[must_use]
    pub fn is_set(&self) -> bool {
        // A stopper that is gone can never ask again: then it is time to leave as well.
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is asked.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        // An error means that the stopper is gone, which counts as asking.
        let _ = receiver.wait_for(|stop| *stop).await;
    }

    /// Sleeps for `time`, or less when it is asked to stop. Returns whether it was asked.
    pub async fn sleep(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.wait() => true,
            () = tokio::time::sleep(time) => self.is_set(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_ends_every_wait_and_stays() {
        let (stopper, stop) = stop_pair();
        assert!(!stop.is_set());
        assert!(!stop.sleep(Duration::from_millis(1)).await);
        stopper.stop();
        stop.wait().await;
        assert!(stop.is_set());
        assert!(stop.sleep(Duration::from_secs(3600)).await);
    }

    #[tokio::test]
    async fn a_stopper_that_is_gone_stops() {
        let (stopper, stop) = stop_pair();
        drop(stopper);
        stop.wait().await;
        assert!(stop.is_set());
    }
}
