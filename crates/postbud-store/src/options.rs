//! Where the store is and how to reach it.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::vault::StoreKeys;

/// Where the store is and how to reach it.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://USER@HOST:PORT/DATABASE`.
    pub url: String,
    /// PostgreSQL's password, kept apart from the URL so that the URL can be shown.
    pub password: Option<String>,
    /// The master keys under which raw letters are encrypted. `None`: they are written in plain.
    pub keys: Option<StoreKeys>,
    /// Connections at most: for SQLite those that read, beside the one that writes.
    pub pool_size: u32,
    /// Every call on the store ends within this time, with an error if need be. Calls that carry
    /// many bytes get more: a second per 8 MiB.
    pub deadline: Duration,
}

impl StoreOptions {
    /// The store at `url` with the defaults: no password, no master key, 8 connections, 15 seconds a call.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            password: None,
            keys: None,
            pool_size: 8,
            deadline: Duration::from_secs(15),
        }
    }

    /// What the URL points to, or why it cannot be used.
    pub(crate) fn target(&self) -> Result<Target, String> {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains('\0') {
                return Err("write a file name behind `sqlite:`".to_owned());
            }
            return Ok(Target::Sqlite(path.to_owned()));
        }
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            // What the parser says may repeat parts of the URL, and with it a password.
            let mut options: PgConnectOptions = self
                .url
                .parse()
                .map_err(|_| "write it as postgres://USER@HOST:PORT/DATABASE".to_owned())?;
            if let Some(password) = &self.password {
                options = options.password(password);
            }
            return Ok(Target::Postgres(Box::new(options.application_name("postbud"))));
        }
        Err("its URL must begin with `sqlite:` or `postgres://`".to_owned())
    }
}

impl fmt::Debug for StoreOptions {
    /// Leaves the password out, and the URL's own with it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.target().map_or_else(|_| "(unusable)".to_owned(), |target| target.place());
        f.debug_struct("StoreOptions")
            .field("place", &place)
            .field("pool_size", &self.pool_size)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// A parsed URL.
pub(crate) enum Target {
    Sqlite(String),
    Postgres(Box<PgConnectOptions>),
}

impl Target {
    /// The address for messages: never with a password.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{path}"),
            Self::Postgres(options) => {
                let host = options.get_socket().map_or_else(
                    || format!("{}:{}", options.get_host(), options.get_port()),
                    |socket| socket.display().to_string(),
                );
                let user = options.get_username();
                let database = options.get_database().unwrap_or(user);
                format!("postgres://{user}@{host}/{database}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Result<String, String> {
        StoreOptions::new(url).target().map(|target| target.place())
    }

    #[test]
    fn both_kinds_of_url_are_understood() {
        assert_eq!(place("sqlite:data/postbud.db").as_deref(), Ok("sqlite:data/postbud.db"));
        assert_eq!(place("sqlite:///srv/postbud.db").as_deref(), Ok("sqlite:/srv/postbud.db"));
        assert_eq!(
            place("postgres://anna@db.example:5433/post").as_deref(),
            Ok("postgres://anna@db.example:5433/post")
        );
    }

    #[test]
    fn a_password_is_never_shown() {
        let mut options = StoreOptions::new("postgres://anna:hemmelig@db.example/post");
        options.password = Some("endnu-mere".to_owned());
        let shown = format!("{options:?} {}", place(&options.url).unwrap_or_default());
        assert!(!shown.contains("hemmelig") && !shown.contains("endnu-mere"), "{shown}");
    }

    #[test]
    fn other_urls_are_refused_with_what_to_write() {
        for url in ["", "mysql://x", "/srv/post.db", "sqlite:", "postgres://a:geheim@[::/x"] {
            let said = place(url).err().unwrap_or_default();
            assert!(said.contains("sqlite:") || said.contains("postgres://"), "{url}: {said}");
            assert!(!said.contains("geheim"));
        }
    }
}
