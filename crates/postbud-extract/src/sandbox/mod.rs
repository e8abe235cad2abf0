//! What a worker does to itself before it reads a byte: no memory beyond the budget, no files, no
//! connections, no other programs. Every part that the kernel does not have is left out and said.
//! The other programs that read what a worker cannot have a sandbox much like it ([`program`]).

mod program;

use std::collections::BTreeMap;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
};
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter};
use serde::{Deserialize, Serialize};

pub(crate) use program::enter_for;

/// How far a part of the sandbox is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Force {
    /// All of it.
    Full,
    /// As much as this kernel has.
    Partial,
    /// Nothing: the kernel does not have it, or it is forbidden here.
    None,
}

/// What is in force in a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Limits on memory, processor time, file size, processes and core dumps.
    pub limits: Force,
    /// No file can be opened and no connection made (landlock).
    pub landlock: Force,
    /// Only the system calls that reading needs (seccomp).
    pub seccomp: Force,
}

/// Limits this process for good.
pub(crate) fn enter(memory_bytes: u64) -> Sandbox {
    Sandbox { limits: limits(memory_bytes), landlock: landlock(), seccomp: seccomp() }
}

fn limits(memory_bytes: u64) -> Force {
    let wanted = [
        (Resource::RLIMIT_AS, memory_bytes),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NPROC, 0),
        (Resource::RLIMIT_CORE, 0),
    ];
    let done = wanted.iter().filter(|(what, most)| setrlimit(*what, *most, *most).is_ok()).count();
    match done {
        0 => Force::None,
        all if all == wanted.len() => Force::Full,
        _ => Force::Partial,
    }
}

/// Gives this process so many more seconds of processor time. Past them it is ended by the kernel,
/// also when nobody is there any more to wait for it.
pub(crate) fn allow_cpu_seconds(more: u64) {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return;
    };
    let used = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    let soft = u64::try_from(used).unwrap_or(0).saturating_add(more);
    // The hard limit stays: a soft one can then be moved again for the next document.
    let _ = setrlimit(Resource::RLIMIT_CPU, soft, libc::RLIM_INFINITY);
}

fn landlock() -> Force {
    let abi = ABI::V5;
    let made = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    match made.map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Force::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Force::Partial,
        _ => Force::None,
    }
}

/// Everything that is not needed to compute and to use the pipes that are open is refused.
fn seccomp() -> Force {
    filter(allowed_calls(), libc::EPERM)
}

/// Refuses every system call but these, with this error.
fn filter(calls: impl IntoIterator<Item = i64>, error: i32) -> Force {
    let Ok(arch) = std::env::consts::ARCH.try_into() else {
        return Force::None;
    };
    let allowed: BTreeMap<i64, Vec<SeccompRule>> =
        calls.into_iter().map(|call| (call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(allowed, refuse, SeccompAction::Allow, arch);
    let program = filter.and_then(BpfProgram::try_from);
    match program.map(|program| apply_filter(&program)) {
        Ok(Ok(())) => Force::Full,
        _ => Force::None,
    }
}

fn allowed_calls() -> Vec<i64> {
    vec![
        // Memory.
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        // The pipes that are open.
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_readv,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_lseek,
        libc::SYS_ppoll,
        // Time, chance, limits of its own, and its end.
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_prlimit64,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_tgkill,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ]
}
