//! A private Postgres in a temporary folder, under an unprivileged user, ended when dropped.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// A running cluster.
pub struct Postgres {
    folder: TempDir,
    port: u16,
    programs: PathBuf,
    drop_privileges: bool,
}

impl Postgres {
    /// Initialises and starts a cluster. Panics with what is missing: Debian's package `postgresql`.
    pub fn start() -> Self {
        let programs = programs();
        let folder = TempDir::new().expect("a temporary folder");
        let root = Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n";
        if root {
            // Postgres refuses to run as root; the package makes a user for it.
            let owned = Command::new("chown").arg("postgres").arg(folder.path()).status().expect("chown runs");
            assert!(owned.success(), "there is no user `postgres`: install Debian's package postgresql");
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let cluster = Self { folder, port, programs, drop_privileges: root };
        let data = cluster.data();
        let data = data.to_str().expect("UTF-8");
        require(&cluster.run("initdb", &["-D", data, "-U", "gateway", "-A", "trust", "--no-sync", "-E", "UTF8"]));
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off -c max_connections=60"
        );
        let log = cluster.folder.path().join("log");
        let log = log.to_str().expect("UTF-8");
        require(&cluster.run("pg_ctl", &["-D", data, "-o", &options, "-l", log, "-w", "start"]));
        cluster
    }

    /// A fresh database in the cluster.
    pub fn database(&self, name: &str) -> String {
        let port = self.port.to_string();
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-U", "gateway", name];
        let made = Command::new(self.programs.join("createdb")).args(arguments).output().expect("createdb runs");
        require(&made);
        format!("postgres://gateway@127.0.0.1:{port}/{name}")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let path = self.programs.join(program);
        let mut command = if self.drop_privileges {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.args(arguments).current_dir(self.folder.path()).output().expect("the program runs")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        let _ = self.run("pg_ctl", &["-D", data.to_str().unwrap_or_default(), "-m", "immediate", "-w", "stop"]);
    }
}

fn require(output: &Output) {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Debian keeps the servers of each version in a folder of its own.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
    let elsewhere = ["/usr/local/bin", "/usr/bin"].map(Path::new).into_iter().find(|bin| bin.join("initdb").exists());
    newest.or_else(|| elsewhere.map(Path::to_owned)).expect("initdb is missing: install Debian's package postgresql")
}
