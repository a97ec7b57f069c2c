//! all-MiniLM-L6-v2 as its model card describes it: BERT, mean over the tokens, L2 normalisation.

use anyhow::{Context, Result, anyhow, ensure};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear, ops::softmax_last_dim};
use candle_transformers::models::bert::{Config, HiddenAct};
use serde::Deserialize;
use std::{fs, path::Path};
use tokenizers::{Tokenizer, TruncationParams};

#[derive(Deserialize)]
struct SentenceBertConfig {
    max_seq_length: usize,
}

pub struct Embedder {
    bert: Bert,
    tokenizer: Tokenizer,
    pub max_tokens: usize,
    pub dimensions: usize,
}

pub struct Embedding {
    pub vector: Vec<f64>,
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
        let bert = Bert::load(VarBuilder::from_tensors(weights, DType::F64, &Device::Cpu), &config)
            .context("building the model")?;
        Ok(Self { bert, tokenizer, max_tokens, dimensions: config.hidden_size })
    }

    pub fn embed(&self, sentence: &str) -> Result<Embedding> {
        let encoding = self.tokenizer.encode(sentence, true).map_err(|e| anyhow!("tokenizing: {e}"))?;
        let ids = Tensor::new(encoding.get_ids(), &Device::Cpu)?;
        let hidden = self.bert.forward(&ids)?;
        let mean = hidden.mean(0)?.to_vec1::<f64>()?;
        let norm = dot(&mean, &mean).sqrt();
        ensure!(norm.is_finite() && norm > 0.0, "the model gave a vector of length {norm}");
        Ok(Embedding {
            vector: mean.iter().map(|x| x / norm).collect(),
            tokens: encoding.get_ids().len(),
            truncated: !encoding.get_overflowing().is_empty(),
        })
    }
}

/// BERT over one sentence of one kind of token (Devlin et al., 2018, section 3), in f64 although the weights are f32: kernels
/// add in an order that follows the CPU's caches, and exponentials differ in their last bit. What that changes is then a
/// million times smaller than the last digit that is written. (candle's own BERT cannot compute in f64.)
struct Bert {
    words: Tensor,
    places: Tensor,
    kind: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    mixed: Linear,
    mixed_norm: Norm,
    wide: Linear,
    narrow: Linear,
    narrow_norm: Norm,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl Norm {
    fn load(from: VarBuilder, config: &Config) -> Result<Self> {
        let size = config.hidden_size;
        Ok(Self { weight: from.get(size, "weight")?, bias: from.get(size, "bias")?, epsilon: config.layer_norm_eps })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
        let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + self.epsilon)?.sqrt()?;
        Ok(centred.broadcast_div(&deviation)?.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)?)
    }
}

impl Bert {
    fn load(from: VarBuilder, config: &Config) -> Result<Self> {
        ensure!(matches!(config.hidden_act, HiddenAct::Gelu), "the model's activation is not gelu");
        let (size, wide) = (config.hidden_size, config.intermediate_size);
        let table = |rows, name| from.get((rows, size), &format!("embeddings.{name}.weight"));
        let layers = (0..config.num_hidden_layers).map(|index| {
            let from = from.pp(format!("encoder.layer.{index}"));
            let attention = from.pp("attention");
            Ok(Layer {
                query: linear(size, size, attention.pp("self.query"))?,
                key: linear(size, size, attention.pp("self.key"))?,
                value: linear(size, size, attention.pp("self.value"))?,
                mixed: linear(size, size, attention.pp("output.dense"))?,
                mixed_norm: Norm::load(attention.pp("output.LayerNorm"), config)?,
                wide: linear(size, wide, from.pp("intermediate.dense"))?,
                narrow: linear(wide, size, from.pp("output.dense"))?,
                narrow_norm: Norm::load(from.pp("output.LayerNorm"), config)?,
            })
        });
        Ok(Self {
            words: table(config.vocab_size, "word_embeddings")?,
            places: table(config.max_position_embeddings, "position_embeddings")?,
            kind: table(config.type_vocab_size, "token_type_embeddings")?.get(0)?,
            norm: Norm::load(from.pp("embeddings.LayerNorm"), config)?,
            layers: layers.collect::<Result<_>>()?,
            heads: config.num_attention_heads,
        })
    }

    /// A row for each token.
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let tokens = ids.dim(0)?;
        let words = self.words.index_select(ids, 0)?;
        let mut x = self.norm.forward(&(words + self.places.narrow(0, 0, tokens)?)?.broadcast_add(&self.kind)?)?;
        for layer in &self.layers {
            let mixed = layer.mixed.forward(&self.attend(layer, &x)?)?;
            x = layer.mixed_norm.forward(&(mixed + &x)?)?;
            let narrow = layer.narrow.forward(&layer.wide.forward(&x)?.gelu_erf()?)?;
            x = layer.narrow_norm.forward(&(narrow + &x)?)?;
        }
        Ok(x)
    }

    fn attend(&self, layer: &Layer, x: &Tensor) -> Result<Tensor> {
        let (tokens, size) = x.dims2()?;
        let each = size / self.heads;
        let split = |part: &Linear| -> Result<Tensor> {
            Ok(part.forward(x)?.reshape((tokens, self.heads, each))?.transpose(0, 1)?.contiguous()?)
        };
        let (query, key, value) = (split(&layer.query)?, split(&layer.key)?, split(&layer.value)?);
        let scores = (query.matmul(&key.t()?)? / (each as f64).sqrt())?;
        let mixed = softmax_last_dim(&scores.contiguous()?)?.matmul(&value)?;
        Ok(mixed.transpose(0, 1)?.reshape((tokens, size))?)
    }
}

/// The cosine, for vectors of length one. Summed in f64 from left to right: the order is part of the result.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("parsing {}", path.display()))
}
