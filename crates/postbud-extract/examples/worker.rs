//! A worker alone, for the tests: the real one is a command of the `postbud` binary.

fn main() -> std::io::Result<()> {
    postbud_extract::worker::run(1 << 30)
}
