//! The dApp's files, held in memory: what was there at the start, and nothing else, whatever a path says.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use proofmill_protocol::sha256;

use crate::{app::App, error::ApiError, error::GatewayError, limits};

/// What a page of ours may load: its own files, and any node or gateway that the user names.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' https: wss: http://127.0.0.1:* \
    ws://127.0.0.1:* http://localhost:* ws://localhost:*; object-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

struct File {
    body: Bytes,
    kind: &'static str,
    tag: HeaderValue,
    /// Its name changes with its content.
    hashed: bool,
}

/// The files by their paths, such as `/assets/app.js`.
#[derive(Default)]
pub struct Files {
    by_path: HashMap<String, File>,
}

impl Files {
    /// Reads a folder; links are not followed.
    ///
    /// # Errors
    /// [`GatewayError`] when it cannot be read, has no `index.html`, or is larger than allowed.
    pub fn read(folder: &Path) -> Result<Self, GatewayError> {
        let mut files = Self::default();
        let mut open: Vec<PathBuf> = vec![folder.to_owned()];
        let mut sum = 0u64;
        while let Some(at) = open.pop() {
            let io = |source| GatewayError::Io { what: at.display().to_string(), source };
            for entry in std::fs::read_dir(&at).map_err(io)? {
                let entry = entry.map_err(io)?;
                let kind = entry.file_type().map_err(io)?;
                if kind.is_dir() {
                    open.push(entry.path());
                    continue;
                }
                let Ok(name) = entry.path().strip_prefix(folder).map(|path| path.display().to_string()) else {
                    continue;
                };
                if !kind.is_file() {
                    continue;
                }
                let body = std::fs::read(entry.path()).map_err(io)?;
                sum = sum.saturating_add(body.len() as u64);
                if sum > limits::APP_BYTES_MAX || files.by_path.len() >= limits::APP_FILES_MAX {
                    return Err(GatewayError::Settings(format!("{} holds too much for a dApp", folder.display())));
                }
                files.by_path.insert(format!("/{name}"), file(&name, body));
            }
        }
        if !files.by_path.contains_key("/index.html") {
            return Err(GatewayError::Settings(format!("{} has no index.html; is the dApp built?", folder.display())));
        }
        Ok(files)
    }
}

fn file(name: &str, body: Vec<u8>) -> File {
    let digest = hex::encode(sha256(&[&body]));
    let tag = HeaderValue::from_str(&format!("\"{}\"", digest.get(..32).unwrap_or_default()));
    File {
        kind: kind_of(name),
        tag: tag.unwrap_or(HeaderValue::from_static("\"\"")),
        hashed: name.starts_with("assets/"),
        body: body.into(),
    }
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Serves a file; a page of the dApp for every other path that no endpoint has.
pub async fn serve(State(app): State<Arc<App>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let endpoint = ["/v1/", "/rpc", "/healthz", "/readyz", "/metrics", "/openapi.json"];
    if endpoint.iter().any(|prefix| path.starts_with(prefix)) || path == "/v1" {
        let shown: String = path.chars().take(100).collect();
        return ApiError::not_found("endpoint", shown).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        let (message, next) = ("Files are only read.", "Use GET.");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let mut response = ApiError::new(status, "method_not_allowed", message, next).into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let files = &app.files.by_path;
    let direct = files.get(path).or_else(|| files.get(&format!("{}/index.html", path.trim_end_matches('/'))));
    // What has an extension is a file that is not there, not a page.
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    match direct.or_else(|| files.get("/index.html").filter(|_| is_page)) {
        Some(file) => answer(file, &headers),
        None => ApiError::not_found("page", path.chars().take(100).collect::<String>()).into_response(),
    }
}

fn answer(file: &File, headers: &HeaderMap) -> Response {
    let caching = if file.hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::ETAG, file.tag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&file.tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, file.body.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_whole_and_links_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Files::read(folder.path()).is_err(), "nothing is built");
        std::fs::write(folder.path().join("index.html"), "<html>").unwrap();
        std::fs::create_dir(folder.path().join("assets")).unwrap();
        std::fs::write(folder.path().join("assets/app-1.js"), "1").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("leak.txt")).unwrap();
        let files = Files::read(folder.path()).unwrap();
        let mut names: Vec<&String> = files.by_path.keys().collect();
        names.sort();
        assert_eq!(names, ["/assets/app-1.js", "/index.html"]);
        assert!(files.by_path["/assets/app-1.js"].hashed && !files.by_path["/index.html"].hashed);
    }
}
