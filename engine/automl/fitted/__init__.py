"""What a fitted model consists of. Pickles hold these classes by value: a model loads where amlbridge is not installed.

Modules here import nothing of ours but each other, and of others numpy, pandas, scipy, scikit-learn and (in the modules
of these names) lightgbm, xgboost and statsmodels.
"""
