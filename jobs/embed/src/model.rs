//! all-MiniLM-L6-v2 as its model card describes it: BERT, mean over the tokens, L2 normalisation.

use anyhow::{Context, Result, anyhow, ensure};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde::Deserialize;
use std::{fs, path::Path};
use tokenizers::{Tokenizer, TruncationParams};

#[derive(Deserialize)]
struct SentenceBertConfig {
    max_seq_length: usize,
}

pub struct Embedder {
    bert: BertModel,
    tokenizer: Tokenizer,
    pub max_tokens: usize,
    pub dimensions: usize,
}

pub struct Embedding {
    pub vector: Vec<f32>,
    pub tokens: usize,
    pub truncated: bool,
}

impl Embedder {
    pub fn load(dir: &Path) -> Result<Self> {
        let config: Config = read_json(&dir.join("config.json"))?;
        let max_tokens = read_json::<SentenceBertConfig>(&dir.join("sentence_bert_config.json"))?.max_seq_length;
        let mut tokenizer =
            Tokenizer::from_file(dir.join("tokenizer.json")).map_err(|e| anyhow!("tokenizer.json: {e}"))?;
        // The file says 128 tokens, padded; the card's limit is max_seq_length. Without padding each sentence is its
        // own batch: its vector cannot depend on its neighbours, and the mean needs no mask.
        tokenizer
            .with_padding(None)
            .with_truncation(Some(TruncationParams { max_length: max_tokens, ..Default::default() }))
            .map_err(|e| anyhow!("setting the truncation: {e}"))?;
        let weights = candle_core::safetensors::load(dir.join("model.safetensors"), &Device::Cpu)
            .context("reading model.safetensors")?;
        let bert = BertModel::load(VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu), &config)
            .context("building the model")?;
        Ok(Self { bert, tokenizer, max_tokens, dimensions: config.hidden_size })
    }

    pub fn embed(&self, sentence: &str) -> Result<Embedding> {
        let encoding = self.tokenizer.encode(sentence, true).map_err(|e| anyhow!("tokenizing: {e}"))?;
        let ids = Tensor::new(encoding.get_ids(), &Device::Cpu)?.unsqueeze(0)?;
        let hidden = self.bert.forward(&ids, &ids.zeros_like()?, None)?;
        let mean = hidden.squeeze(0)?.mean(0)?.to_vec1::<f32>()?;
        let norm = dot(&mean, &mean).sqrt();
        ensure!(norm.is_finite() && norm > 0.0, "the model gave a vector of length {norm}");
        Ok(Embedding {
            vector: mean.iter().map(|x| (f64::from(*x) / norm) as f32).collect(),
            tokens: encoding.get_ids().len(),
            truncated: !encoding.get_overflowing().is_empty(),
        })
    }
}

/// The cosine, for vectors of length one. Summed in f64 from left to right: the order is part of the result.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("parsing {}", path.display()))
}
