//! The way of one letter, and the ports that the adapters implement.
//!
//! The application knows no broker, no database and no mail server: it speaks to the traits in
//! [`ports`]. What implements them is wired together in the binary.

pub mod ports;
