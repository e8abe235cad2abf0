//! The trace of a letter: which one it is follows from the letter's id.
//!
//! Whoever has to do with a letter knows its id, so nobody needs to hand a trace on, and the trace
//! is the same after a crash, a retry or three days at the desk. What goes over a broker carries it
//! all the same, in the header `traceparent` of W3C Trace Context, for those who read no ids of ours.

use sha2::{Digest as _, Sha256};

/// Which trace, and the span that everything in it hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: [u8; 16],
    /// Its first span.
    pub span: [u8; 8],
}

impl TraceContext {
    /// The trace of the letter with this id.
    #[must_use]
    pub fn of(letter: &str) -> Self {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"postbud trace\0").chain_update(letter).finalize().into();
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&digest[..16]);
        span.copy_from_slice(&digest[16..24]);
        Self { trace, span }
    }

    /// Where the trace lies between 0 and 1: a share of all traces is those below it.
    #[must_use]
    pub fn place(&self) -> f64 {
        let [.., a, b, c, d] = self.trace;
        f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }

    /// The header of W3C Trace Context; `sampled`: the spans are kept.
    #[must_use]
    pub fn traceparent(&self, sampled: bool) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        format!("00-{}-{}-0{}", hex(&self.trace), hex(&self.span), u8::from(sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_follows_from_the_letter_and_is_spread_evenly() {
        assert_eq!(TraceContext::of("sha-1"), TraceContext::of("sha-1"));
        assert_ne!(TraceContext::of("sha-1").trace, TraceContext::of("sha-2").trace);
        let below = |share: f64| {
            let places = (0..4_000).map(|n| TraceContext::of(&format!("sha-{n}")).place());
            places.filter(|place| *place < share).count()
        };
        assert_eq!((below(0.0), below(1.0)), (0, 4_000));
        assert!((900..1_100).contains(&below(0.25)), "{}", below(0.25));
    }

    #[test]
    fn the_header_is_as_w3c_writes_it() {
        let context = TraceContext { trace: [0xab; 16], span: [1; 8] };
        let header = "00-abababababababababababababababab-0101010101010101-01";
        assert_eq!(context.traceparent(true), header);
        assert!(context.traceparent(false).ends_with("-00"));
    }
}
