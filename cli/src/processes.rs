//! Daemons as child processes: found beside this program, logged to a file, ended with us.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{error::CliError, limits};

/// The program `name` that was built together with this one.
pub fn binary(name: &'static str) -> Result<PathBuf> {
    let here = std::env::current_exe().context("finding this program")?;
    let dir = here.parent().unwrap_or(Path::new(".")).to_owned();
    let path = dir.join(name);
    if !path.exists() {
        return Err(CliError::BinaryMissing { name, dir }.into());
    }
    Ok(path)
}

/// A running daemon. Dropping it ends the process.
pub struct Daemon {
    pub name: String,
    pub log: PathBuf,
    program: PathBuf,
    arguments: Vec<OsString>,
    child: Option<Child>,
    /// From spawn to the first sign of readiness.
    pub startup: Duration,
}

impl Daemon {
    /// Starts `program run --config CONFIG`, its output appended to `log`.
    pub fn start(name: impl Into<String>, program: &Path, config: &Path, log: &Path) -> Result<Self> {
        Self::start_with(name, program, vec!["run".into(), "--config".into(), config.into()], log)
    }

    /// Starts `program ARGUMENTS...`, its output appended to `log`.
    pub fn start_with(name: impl Into<String>, program: &Path, arguments: Vec<OsString>, log: &Path) -> Result<Self> {
        let mut daemon = Self {
            name: name.into(),
            log: log.to_owned(),
            program: program.to_owned(),
            arguments,
            child: None,
            startup: Duration::ZERO,
        };
        daemon.spawn()?;
        Ok(daemon)
    }

    fn spawn(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("opening the log {}", self.log.display()))?;
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "info".into()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing the log")?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Waits until `ready` answers true.
    pub async fn wait_ready(&mut self, ready: impl AsyncFn() -> bool) -> Result<()> {
        let started = Instant::now();
        loop {
            if ready().await {
                self.startup = started.elapsed();
                return Ok(());
            }
            self.require_alive()?;
            if started.elapsed() > limits::READY_WITHIN {
                return Err(CliError::NotReady {
                    what: self.name.clone(),
                    seconds: limits::READY_WITHIN.as_secs(),
                    log: self.log.clone(),
                }
                .into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// An error if the process has ended by itself.
    pub fn require_alive(&mut self) -> Result<()> {
        if let Some(child) = &mut self.child
            && let Some(status) = child.try_wait().context("asking after a child process")?
        {
            let (what, log) = (self.name.clone(), self.log.clone());
            return Err(CliError::Ended { what, status: status.to_string(), log }.into());
        }
        Ok(())
    }

    /// `kill -9`: no chance to clean up.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().context("killing a child process")?;
            child.wait().context("reaping a child process")?;
        }
        Ok(())
    }

    /// Starts it again after [`Daemon::kill`].
    pub fn restart(&mut self) -> Result<()> {
        self.spawn()
    }

    /// Resident memory, KiB, of the process now.
    pub fn resident_kib(&self) -> Option<u64> {
        resident_kib(self.pid()?)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nothing to do about a process that cannot be ended; the operating system reaps it after us.
        let _ = self.kill();
    }
}

/// `VmRSS` of a process, KiB.
pub fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// Processor time a process has used, seconds (`utime + stime` of `/proc/PID/stat`, in ticks of 1/100 s).
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / 100.0)
}
