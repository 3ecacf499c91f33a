import hyperparameter as hp


@hp.param("many")
def main(
    model_size: int = 0,
    model_rate: int = 1,
    model_steps: int = 2,
    model_seed: int = 3,
    model_decay: int = 4,
    model_limit: int = 5,
    model_depth: int = 6,
    model_width: int = 7,
    model_period: int = 8,
    model_offset: int = 9,
    data_size: int = 10,
    data_rate: int = 11,
    data_steps: int = 12,
    data_seed: int = 13,
    data_decay: int = 14,
    data_limit: int = 15,
    data_depth: int = 16,
    data_width: int = 17,
    data_period: int = 18,
    data_offset: int = 19,
    optim_size: int = 20,
    optim_rate: int = 21,
    optim_steps: int = 22,
    optim_seed: int = 23,
    optim_decay: int = 24,
    optim_limit: int = 25,
    optim_depth: int = 26,
    optim_width: int = 27,
    optim_period: int = 28,
    optim_offset: int = 29,
    log_size: int = 30,
    log_rate: int = 31,
    log_steps: int = 32,
    log_seed: int = 33,
    log_decay: int = 34,
    log_limit: int = 35,
    log_depth: int = 36,
    log_width: int = 37,
    log_period: int = 38,
    log_offset: int = 39,
    run_size: int = 40,
    run_rate: int = 41,
    run_steps: int = 42,
    run_seed: int = 43,
    run_decay: int = 44,
    run_limit: int = 45,
    run_depth: int = 46,
    run_width: int = 47,
    run_period: int = 48,
    run_offset: int = 49,
) -> None:
    """Take fifty options.

    Args:
        model_size: what the model size is
        model_rate: what the model rate is
        model_steps: what the model steps is
        model_seed: what the model seed is
        model_decay: what the model decay is
        model_limit: what the model limit is
        model_depth: what the model depth is
        model_width: what the model width is
        model_period: what the model period is
        model_offset: what the model offset is
        data_size: what the data size is
        data_rate: what the data rate is
        data_steps: what the data steps is
        data_seed: what the data seed is
        data_decay: what the data decay is
        data_limit: what the data limit is
        data_depth: what the data depth is
        data_width: what the data width is
        data_period: what the data period is
        data_offset: what the data offset is
        optim_size: what the optim size is
        optim_rate: what the optim rate is
        optim_steps: what the optim steps is
        optim_seed: what the optim seed is
        optim_decay: what the optim decay is
        optim_limit: what the optim limit is
        optim_depth: what the optim depth is
        optim_width: what the optim width is
        optim_period: what the optim period is
        optim_offset: what the optim offset is
        log_size: what the log size is
        log_rate: what the log rate is
        log_steps: what the log steps is
        log_seed: what the log seed is
        log_decay: what the log decay is
        log_limit: what the log limit is
        log_depth: what the log depth is
        log_width: what the log width is
        log_period: what the log period is
        log_offset: what the log offset is
        run_size: what the run size is
        run_rate: what the run rate is
        run_steps: what the run steps is
        run_seed: what the run seed is
        run_decay: what the run decay is
        run_limit: what the run limit is
        run_depth: what the run depth is
        run_width: what the run width is
        run_period: what the run period is
        run_offset: what the run offset is
    """


if __name__ == "__main__":
    hp.launch(main)
