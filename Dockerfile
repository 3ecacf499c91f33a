# Head, workers and jobs run this image: Ray, and this checkout installed.
FROM python:3.11-slim

# Every node and every ray:// client must have the same Ray and the same minor version of Python.
ARG RAY_VERSION=2.60.0
RUN pip install --no-cache-dir "ray[default]==${RAY_VERSION}"

COPY LICENSE pyproject.toml README.md /src/
COPY hyperparameter /src/hyperparameter
COPY hp_dist /src/hp_dist
RUN pip install --no-cache-dir "/src[demo,jobs]" && rm -r /src

RUN useradd --create-home ray
USER ray
WORKDIR /app
COPY examples/cluster.py examples/digits.py /app/examples/
