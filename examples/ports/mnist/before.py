"""Trains a classifier of digits, configured by argparse."""

import argparse

import numpy as np


# -- configuration
def parse_args():
    parser = argparse.ArgumentParser(description="NumPy MNIST Example")
    parser.add_argument(
        "--batch-size", type=int, default=64, metavar="N",
        help="input batch size for training (default: 64)",
    )  # fmt: skip
    parser.add_argument(
        "--test-batch-size", type=int, default=1000, metavar="N",
        help="input batch size for testing (default: 1000)",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=int, default=4, metavar="N",
        help="number of epochs to train (default: 4)",
    )  # fmt: skip
    parser.add_argument(
        "--lr", type=float, default=1.0, metavar="LR",
        help="learning rate (default: 1.0)",
    )  # fmt: skip
    parser.add_argument(
        "--gamma", type=float, default=0.7, metavar="M",
        help="learning rate step gamma (default: 0.7)",
    )  # fmt: skip
    parser.add_argument(
        "--no-cuda", action="store_true", default=False, help="disables CUDA training"
    )
    parser.add_argument(
        "--dry-run", action="store_true", default=False, help="quickly check a single pass"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="random seed (default: 1)")
    parser.add_argument(
        "--log-interval", type=int, default=10, metavar="N",
        help="how many batches to wait before logging training status",
    )  # fmt: skip
    parser.add_argument(
        "--save-model", action="store_true", default=False, help="for saving the current model"
    )
    return parser.parse_args()


# -- program
def digits(random, count):
    labels = random.integers(0, 10, count)
    return np.eye(10)[labels] + random.normal(0, 0.4, (count, 10)), labels


def train(args, weights, random, epoch, lr):
    images, labels = digits(random, 2000)
    for batch, start in enumerate(range(0, len(images), args.batch_size)):
        x, y = images[start : start + args.batch_size], labels[start : start + args.batch_size]
        scores = np.exp(x @ weights)
        chances = scores / scores.sum(axis=1, keepdims=True)
        weights -= lr * x.T @ (chances - np.eye(10)[y]) / len(x)
        if batch % args.log_interval == 0:
            loss = -np.log(chances[np.arange(len(y)), y]).mean()
            print(f"Train Epoch: {epoch} [{start}/{len(images)}] Loss: {loss:.6f}")
            if args.dry_run:
                break


def test(args, weights, random):
    images, labels = digits(random, 4000)
    correct = 0
    for start in range(0, len(images), args.test_batch_size):
        part = slice(start, start + args.test_batch_size)
        correct += int(((images[part] @ weights).argmax(axis=1) == labels[part]).sum())
    print(f"Test set: Accuracy: {correct}/{len(images)}")


# -- configuration
def main():
    args = parse_args()
    # -- program
    print("device:", "cpu" if args.no_cuda else "cuda")
    random = np.random.default_rng(args.seed)
    weights = np.zeros((10, 10))
    lr = args.lr
    for epoch in range(1, args.epochs + 1):
        train(args, weights, random, epoch, lr)
        test(args, weights, random)
        lr *= args.gamma
    if args.save_model:
        print("saved mnist_cnn.npy")


if __name__ == "__main__":
    main()
