//! The sandbox of another program: what a worker may do, and to read itself and its libraries.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
};
use nix::sys::resource::{Resource, setrlimit};

use super::{allowed_calls, filter, limits};

/// What programs, their libraries and data, and fonts are read from. Nothing of the municipality's
/// lies there.
const READABLE: [&str; 8] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/var/cache/fontconfig",
    "/dev/null",
    "/dev/urandom",
];
/// What loads a program's libraries; the kernel starts it in the program's stead.
const LOADERS: [&str; 3] = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-riscv64-lp64d.so.1",
];

/// Limits this process for good, so that it can become `program` and nothing else. What the kernel
/// does not have is left out, as with a worker, whose start has said what that is.
pub(crate) fn enter_for(program: &Path, memory_bytes: u64, cpu_seconds: u64) {
    limits(memory_bytes);
    let _ = setrlimit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds);
    let _ = files(program);
    // As if the kernel did not have them: the C library then does without.
    filter(allowed_calls().into_iter().chain(program_calls()), libc::ENOSYS);
}

fn files(program: &Path) -> Result<(), RulesetError> {
    let abi = ABI::V5;
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .create()?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let rules = READABLE.iter().try_fold(rules, |rules, path| allow(rules, path.as_ref(), read))?;
    let run = AccessFs::ReadFile | AccessFs::Execute;
    let rules = LOADERS.iter().try_fold(rules, |rules, path| allow(rules, path.as_ref(), run))?;
    allow(rules, program, run)?.restrict_self()?;
    Ok(())
}

/// What is not there needs no permission.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(place) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & !BitFlags::from(AccessFs::ReadDir) };
    rules.add_rule(PathBeneath::new(place, access))
}

/// What a program needs to begin, and to read files that it may open.
fn program_calls() -> Vec<i64> {
    vec![
        libc::SYS_execve,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_arch_prctl,
        libc::SYS_set_tid_address,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_openat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_readlinkat,
        libc::SYS_getdents64,
        libc::SYS_pread64,
        libc::SYS_fcntl,
        libc::SYS_dup,
        libc::SYS_fadvise64,
        libc::SYS_getcwd,
        libc::SYS_uname,
        libc::SYS_sysinfo,
        libc::SYS_getuid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getegid,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_access,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_stat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat,
    ]
}
