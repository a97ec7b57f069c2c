//! Reads the `*.txt` files of a directory and writes the embedding of each sentence and who resembles whom.
//!
//! Other providers run the job again and compare bytes. So: one thread, no clock in an output, files in the order of
//! their names, and one set of CPU instructions everywhere.

mod model;
mod text;

// The C library and the matrix kernels choose at run time between code with and without fused multiply-add, which
// round differently. A program compiled for x86-64-v3 cannot run where that choice would be another.
#[cfg(all(target_arch = "x86_64", not(all(target_feature = "avx2", target_feature = "fma"))))]
compile_error!("build with -C target-cpu=x86-64-v3, as jobs/build does");

use anyhow::{Context, Result, bail};
use model::{Embedder, Embedding, dot};
use serde::Serialize;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

const CLOSEST_PAIRS: usize = 10;
const LISTED_NEIGHBOURS: usize = 40;

#[derive(Serialize)]
struct Line<'a> {
    index: usize,
    text: &'a str,
    vector: Vec<f64>,
}

#[derive(Serialize)]
struct Source {
    file: String,
    bytes: usize,
    sentences: usize,
}

#[derive(Serialize)]
struct Summary<'a> {
    model: &'a str,
    dimensions: usize,
    max_tokens: usize,
    files: Vec<Source>,
    sentences: usize,
    tokens: usize,
    truncated_sentences: usize,
    mean_nearest_cosine: Option<f64>,
}

fn main() -> ExitCode {
    // SAFETY: nothing has started a thread yet, so nobody reads the environment while it changes.
    unsafe {
        std::env::set_var("RAYON_NUM_THREADS", "1");
        std::env::set_var("TOKENIZERS_PARALLELISM", "false");
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("embed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let [model_dir, in_dir, out_dir] = arguments()?;
    let started = Instant::now();
    let embedder = Embedder::load(&model_dir)?;
    println!("model loaded in {:.2} s", started.elapsed().as_secs_f64());

    let mut sources = Vec::new();
    let mut sentences = Vec::new();
    for path in text_files(&in_dir)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let content = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let found = text::sentences(&content);
        println!("{file}: {} sentences", found.len());
        sources.push(Source { file, bytes: content.len(), sentences: found.len() });
        sentences.extend(found);
    }
    if sentences.is_empty() {
        bail!("no sentence in any *.txt under {}", in_dir.display());
    }

    let started = Instant::now();
    let mut embeddings = Vec::with_capacity(sentences.len());
    for (index, sentence) in sentences.iter().enumerate() {
        embeddings.push(embedder.embed(sentence).with_context(|| format!("sentence {index}"))?);
        let done = index + 1;
        if done % 10 == 0 || done == sentences.len() {
            println!("embedded {done}/{} in {:.2} s", sentences.len(), started.elapsed().as_secs_f64());
        }
    }

    let nearest = nearest(&embeddings);
    let mean_nearest = nearest.iter().flatten().map(|(_, cosine)| cosine).sum::<f64>() / sentences.len() as f64;
    let summary = Summary {
        model: "sentence-transformers/all-MiniLM-L6-v2",
        dimensions: embedder.dimensions,
        max_tokens: embedder.max_tokens,
        files: sources,
        sentences: sentences.len(),
        tokens: embeddings.iter().map(|e| e.tokens).sum(),
        truncated_sentences: embeddings.iter().filter(|e| e.truncated).count(),
        mean_nearest_cosine: (sentences.len() > 1).then(|| rounded(mean_nearest)),
    };
    write(&out_dir, "embeddings.jsonl", &json_lines(&sentences, &embeddings)?)?;
    write(&out_dir, "neighbours.md", &report(&sentences, &nearest))?;
    write(&out_dir, "summary.json", &(serde_json::to_string_pretty(&summary)? + "\n"))
}

/// Model, input and output directory; other places than the container's are for trying the program out.
fn arguments() -> Result<[PathBuf; 3]> {
    let given: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match given.len() {
        0 => Ok(["/model", "/in", "/out"].map(PathBuf::from)),
        3 => Ok(given.try_into().expect("three were counted")),
        _ => bail!("usage: embed [MODEL_DIR IN_DIR OUT_DIR]"),
    }
}

/// Every `*.txt` below `dir`, in the order of the paths' bytes. Symbolic links are not followed.
fn text_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(current) = pending.pop() {
        for entry in fs::read_dir(&current).with_context(|| format!("listing {}", current.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() && entry.path().extension().is_some_and(|e| e == "txt") {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// For each sentence the most similar other one; the earlier one wins a tie.
fn nearest(embeddings: &[Embedding]) -> Vec<Option<(usize, f64)>> {
    (0..embeddings.len())
        .map(|i| {
            let mut best: Option<(usize, f64)> = None;
            for j in (0..embeddings.len()).filter(|j| *j != i) {
                let cosine = dot(&embeddings[i].vector, &embeddings[j].vector);
                if best.is_none_or(|(_, highest)| cosine > highest) {
                    best = Some((j, cosine));
                }
            }
            best
        })
        .collect()
}

/// Six decimals, and never a minus in front of zero.
fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6 + 0.0
}

fn json_lines(sentences: &[String], embeddings: &[Embedding]) -> Result<String> {
    let mut out = String::new();
    for (index, (text, embedding)) in sentences.iter().zip(embeddings).enumerate() {
        let vector = embedding.vector.iter().map(|x| rounded(*x)).collect();
        out.push_str(&serde_json::to_string(&Line { index, text, vector })?);
        out.push('\n');
    }
    Ok(out)
}

fn report(sentences: &[String], nearest: &[Option<(usize, f64)>]) -> String {
    let mut pairs: Vec<(usize, usize, f64)> = nearest
        .iter()
        .enumerate()
        .filter_map(|(i, best)| best.map(|(j, cosine)| (i.min(j), i.max(j), cosine)))
        .collect();
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    pairs.dedup_by_key(|pair| (pair.0, pair.1));
    // The same words twice are no finding.
    pairs.retain(|pair| sentences[pair.0] != sentences[pair.1]);

    let mut out =
        String::from("# Nearest neighbours\n\nCosine similarity of sentence embeddings; 1 is the same meaning.\n");
    out.push_str("\n## The closest pairs\n\n");
    for (i, j, cosine) in pairs.iter().take(CLOSEST_PAIRS) {
        let _ = writeln!(out, "- {cosine:.4}\n  - [{i}] {}\n  - [{j}] {}", sentences[*i], sentences[*j]);
    }
    let _ = writeln!(out, "\n## The first {} sentences\n", LISTED_NEIGHBOURS.min(sentences.len()));
    for (i, best) in nearest.iter().enumerate().take(LISTED_NEIGHBOURS) {
        let _ = writeln!(out, "- [{i}] {}", sentences[i]);
        if let Some((j, cosine)) = best {
            let _ = writeln!(out, "  - {cosine:.4} [{j}] {}", sentences[*j]);
        }
    }
    out
}

fn write(dir: &Path, name: &str, content: &str) -> Result<()> {
    let path = dir.join(name);
    fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    println!("wrote {name}: {} bytes", content.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(vector: [f64; 2]) -> Embedding {
        Embedding { vector: vector.to_vec(), tokens: 1, truncated: false }
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(serde_json::to_string(&rounded(-1e-9)).unwrap(), "0.0");
        assert_eq!(rounded(0.123_456_7), 0.123_457);
    }

    #[test]
    fn the_nearest_is_another_sentence_and_ties_go_to_the_earlier() {
        let all = [embedding([1.0, 0.0]), embedding([0.0, 1.0]), embedding([1.0, 0.0]), embedding([1.0, 0.0])];
        let found: Vec<usize> = nearest(&all).into_iter().map(|best| best.unwrap().0).collect();
        assert_eq!(found, [2, 0, 0, 0]);
        assert!(nearest(&all[..1])[0].is_none());
    }

    #[test]
    fn one_sentence_alone_still_makes_a_report() {
        assert!(report(&["Alone.".into()], &[None]).contains("[0] Alone."));
    }
}
