"""A language model made on the spot: two layers of random weights and a byte-level tokenizer, for the real engine."""

from collections.abc import Iterable
from pathlib import Path

# Special tokens of the chat template, and a word that reads like an instruction of some models.
SPECIAL = ["<|start|>", "<|end|>", "[INST]"]
TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message.role }}\n{{ message.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
WORDS = 'You describe products. <data> {"title": "green tea", "brand": "", "categories": ["drinks"]} </data>'


def make_tiny_model(
    folder: Path, texts: Iterable[str] = (WORDS,), vocabulary: int = 512, layers: int = 2, hidden: int = 64
) -> Path:
    """Write a Llama with random weights and a tokenizer learnt from `texts` to `folder`, and return it."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    pieces.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, bos_token="<|start|>", eos_token="<|end|>", pad_token="<|end|>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    random_state = torch.get_rng_state()
    torch.manual_seed(0)
    # vLLM's attention on a CPU takes heads of 32 dimensions and more.
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        num_key_value_heads=hidden // 32,
        max_position_embeddings=4096,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    torch.set_rng_state(random_state)
    return folder
