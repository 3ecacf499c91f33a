out_dir = "out-small"
dataset = "shakespeare_char"
eval_interval = 10
n_layer = 2
n_embd = 8
dropout = 0.2
max_iters = 30
lr_decay_iters = 30
