FROM continuumio/miniconda3:24.1.2-0

RUN apt-get update && apt-get install -y build-essential curl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . /app
RUN conda env create -f environment.yml \
    && conda clean -afy
RUN echo "source activate pricing" > ~/.bashrc
ENV PATH=/opt/conda/envs/pricing/bin:$PATH

EXPOSE 5000
CMD ["gunicorn", "--bind", "0.0.0.0:5000", "pricing.web:app"]
