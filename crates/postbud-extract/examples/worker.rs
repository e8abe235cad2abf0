//! A worker alone, for the tests: the real one is a command of the `postbud` binary. With arguments,
//! what starts other programs.

use std::ffi::OsString;

fn main() -> std::io::Result<()> {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if args.is_empty() {
        return postbud_extract::worker::run(1 << 30);
    }
    let launch =
        postbud_extract::Launch::from_args(&args).ok_or(std::io::ErrorKind::InvalidInput)?;
    let error = postbud_extract::launch(&launch);
    eprintln!("{error}");
    std::process::exit(postbud_extract::Launch::NOT_STARTED)
}
