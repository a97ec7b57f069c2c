//! What the process takes of the machine, as the kernel counts it; `None` where it does not say.

use std::fs::read_to_string;

/// Clock ticks per second in `/proc`: fixed by Linux for user space.
const TICKS_PER_SECOND: f64 = 100.0;

/// Most memory that was resident at once, KiB.
pub fn peak_resident_kib() -> Option<u64> {
    let status = read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Seconds of processor time so far, in user and kernel mode.
pub fn processor_seconds() -> Option<f64> {
    let stat = read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some(f64::from(ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_kernel_says_is_read() {
        if std::path::Path::new("/proc/self/stat").exists() {
            assert!(super::peak_resident_kib().is_some_and(|kib| kib > 100));
            assert!(super::processor_seconds().is_some_and(|seconds| seconds < 1e6));
        }
    }
}
