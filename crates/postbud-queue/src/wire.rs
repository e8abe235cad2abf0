//! A connection that ends with whoever has it.
//!
//! The library keeps a connection for as long as one of its channels may still be in use, and it
//! takes one to be in use whose opening nobody waited for to the end. Such a connection lives, with
//! its heartbeats, until the process ends, and what the broker handed to it waits for as long.

use std::ops::Deref;
use std::sync::Arc;

use lapin::Connection;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::options::GOODBYE;

/// An open connection. Dropped before it was closed, it is closed in the background.
pub(crate) struct Wire(Arc<Connection>);

impl From<Connection> for Wire {
    fn from(connection: Connection) -> Self {
        Self(Arc::new(connection))
    }
}

impl Deref for Wire {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Wire {
    /// Closes it, as far as that is still possible.
    pub(crate) async fn abandon(&self) {
        close(&self.0).await;
    }
}

async fn close(connection: &Connection) {
    // What the broker answers no longer matters: the end is what is wanted.
    let _ = timeout(GOODBYE, connection.close(200, "done".into())).await;
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and the connection with it.
        if self.0.status().connected()
            && let Ok(runtime) = Handle::try_current()
        {
            let connection = Arc::clone(&self.0);
            runtime.spawn(async move { close(&connection).await });
        }
    }
}
