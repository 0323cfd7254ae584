//! What the process that reads a picture takes from itself before it reads the first byte. After that it can compute, read its input,
//! write its output and end; whatever else it asks of the system ends it.

use std::collections::BTreeMap;
use std::io;

use causeway_common::process::keep_to_itself;
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Memory, with the program itself (46 MB when it was built without optimisation): 67 megapixels do not fit, 40 do.
const MEMORY_BYTES: u64 = 256 << 20;
/// Seconds of a processor: 40 megapixels take one on an old machine.
const PROCESSOR_SECONDS: u64 = 5;

/// What is asked of the system to get and give back memory, to wait for oneself, and to end. None of it opens or starts anything.
const CALLS: [libc::c_long; 15] = [
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Shuts this process in. If any of it cannot be had there is no preview.
pub(super) fn shut() -> io::Result<()> {
    keep_to_itself()?;
    limit(Resource::As, MEMORY_BYTES)?;
    limit(Resource::Cpu, PROCESSOR_SECONDS)?;
    for nothing in [Resource::Core, Resource::Fsize, Resource::Nofile, Resource::Nproc, Resource::Memlock] {
        limit(nothing, 0)?;
    }
    seccompiler::apply_filter(&filter().map_err(io::Error::other)?).map_err(io::Error::other)
}

fn limit(what: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(what, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Everything that is not named here ends the process.
fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = CALLS.iter().map(|call| (*call, Vec::new())).collect();
    let file = |number| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number);
    rules.insert(libc::SYS_read, vec![SeccompRule::new(vec![file(0)?])?]);
    let out = [1, 2].map(|number| SeccompRule::new(vec![file(number)?]));
    rules.insert(libc::SYS_write, out.into_iter().collect::<Result<_, _>>()?);
    // Memory, but none that becomes a program.
    let executable = u64::from(libc::PROT_EXEC.unsigned_abs());
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let never = SeccompCmpOp::MaskedEq(executable);
        let condition = SeccompCondition::new(2, SeccompCmpArgLen::Dword, never, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![condition])?]);
    }
    let here = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, here)?.try_into()
}
